// Loaded into each measured process before its own program: tells how much processor time it has used, in
// microseconds, to whoever asks.
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.(user + system);
});
