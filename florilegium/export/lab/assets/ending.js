// What can go wrong, in words: stuck, diverged, and what to try; and settings that were not meant so. Draws nothing.
//
// The same rules and sentences as florilegium/lab/ending.py; tests/test_lab_page_arithmetic.py compares the two.

const LOST = 20; // a loss this many times the first one (at least 1) does not come back by itself
const AT_LAST = 50; // steps whose mean loss counts as the last one: a single batch says little
const LARGE = 0.01; // a rate from here on is rather too large than too small where nothing was learned
const HUGE = 100; // a tenth of such a rate would be far too large as well
const FELL = 0.99; // of the first loss: above it, nothing was learned
const DIGITS = 3; // of a number in a sentence

/** Whether the newest loss is no number any more, or so high that learning is over. */
export const isLost = (losses) => !(losses.at(-1) <= LOST * Math.max(losses[0], 1));

/** Judge the losses of all steps, at least one, and say in a sentence or two what happened. */
export function told(losses, rate) {
  const n = losses.length;
  const [first, newest] = [losses[0], losses[n - 1]];
  const some = losses.slice(-AT_LAST);
  const last = some.reduce((sum, loss) => sum + loss, 0) / some.length;
  if (Number.isNaN(rate)) return { end: "diverged", sentence: NO_RATE };
  if (isLost(losses)) {
    const went = `Diverged: the loss went from ${short(first)} to ${short(newest)} in ${n} steps.`;
    return { end: "diverged", sentence: `${went} ${whyDiverged(rate)}` };
  }
  if (rate === 0 || (n > 1 && last > FELL * first)) {
    // At rate 0 a loss moves too: no batch is like the other.
    const was = `Stuck: the loss was ${short(first)} at first and is ${short(last)} after ${n} steps.`;
    return { end: "stuck", sentence: `${was} ${whyStuck(rate)}` };
  }
  return { end: "done", sentence: `The loss fell from ${short(first)} to ${short(last)} in ${n} steps.` };
}

const CLIMBS = "A negative learning rate climbs instead of descending. Take a positive one.";
const NO_RATE = "This learning rate is no number: after one step every weight is no number either. Take one such as 0.1.";

function whyDiverged(rate) {
  if (rate < 0) return CLIMBS;
  return `With learning rate ${short(rate)} each step jumps over the valley and lands higher up. ${smaller(rate)}`;
}

function whyStuck(rate) {
  if (rate === 0) return "At learning rate 0 no weight moves. Try 0.1.";
  if (rate < 0) return CLIMBS;
  if (rate < LARGE) return `Learning rate ${short(rate)} is so small that hardly anything moves. Try ten times as much, or more epochs.`;
  return `Learning rate ${short(rate)} is so large that each step undoes the one before. ${smaller(rate)}`;
}

const smaller = (rate) => (rate > HUGE ? "Try 0.1." : "Try a tenth of it.");

/** A number with three digits, as Python's format `.3g` writes it. */
export function short(number) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  if (number === 0) return "0";
  const [digits, exponent] = number.toExponential(DIGITS - 1).split("e");
  if (Number(exponent) < -4 || Number(exponent) >= DIGITS) {
    const size = Math.abs(Number(exponent)).toString().padStart(2, "0");
    return `${trimmed(digits)}e${exponent[0]}${size}`;
  }
  return trimmed(Number(`${digits}e${exponent}`).toFixed(DIGITS - 1 - Number(exponent)));
}

const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** Read the settings as somebody typed them: what to use, and what was not meant so, in plain words. */
export function settingsOf({ rate, momentum, batch }, n) {
  const read = { rate: numberOf(rate), momentum: numberOf(momentum), batch: numberOf(batch) };
  const notes = [];
  if (!Number.isFinite(read.rate)) {
    notes.push(`Learning rate “${rate}” is no finite number. Start it to see what that does, or take one such as 0.1.`);
    read.rate = NaN;
  }
  if (!(read.momentum >= 0 && read.momentum < 1)) {
    notes.push(`Momentum “${momentum}”: expected 0 (none) up to, but not including, 1. At 1 speed would never be lost.`);
    read.momentum = Number.isNaN(read.momentum) || read.momentum < 0 ? 0 : 0.99;
    notes.push(`${read.momentum} is used.`);
  }
  const whole = Math.round(read.batch);
  if (!(read.batch >= 1) || whole !== read.batch) {
    read.batch = read.batch >= 1 && Number.isFinite(read.batch) ? whole : read.batch === Infinity ? n : 1;
    notes.push(`Batch size “${batch}”: expected a whole number from 1 on. ${read.batch} is used.`);
  }
  if (read.batch > n) notes.push(`A batch of ${read.batch} is more than the ${n} items there are: each step takes all of them.`);
  return { ...read, notes };
}

const numberOf = (text) => (String(text).trim() === "" ? NaN : Number(String(text).trim().replace(",", ".")));
