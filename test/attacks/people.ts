/** Who can log in where attacks are played. The password has an é that keyboards send in two ways. */
export const ada = {
  id: "ada",
  email: "ada@attacked.example",
  password: "caf\u00e9 engine",
  displayName: "Ada",
};
