// A page of another site that posts to the app, with whatever cookies the browser lets along.
const [form] = document.forms;
if (form) {
  form.action = `http://ada.workshop.localhost:${location.port}/auth/logout`;
  form.submit();
}
