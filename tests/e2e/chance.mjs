// Random choices that can be made again: the seed is printed, MAINS_SEED repeats it.

/** A generator of numbers 0 .. 1 (mulberry32); prints its seed for `what`. */
export function chance(what) {
  const seed = process.env.MAINS_SEED ? Number(process.env.MAINS_SEED)
    : Math.floor(Math.random() * 2 ** 32);
  console.log(`${what}: MAINS_SEED=${seed}`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `least` to `most`, both included. */
export const between = (random, least, most) => least + Math.floor(random() * (most - least + 1));
