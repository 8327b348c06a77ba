/** Loaded before a program, says at its end how many KiB it held at most. */
process.on('exit', () => console.error(`peak ${process.resourceUsage().maxRSS}`));
