// From scores to a loss and its slope: the three losses of this page. Numbers in, numbers out; draws nothing.
//
// Each loss takes the scores of one item, s[at .. at + k), and its target; gives the loss of the item, and writes
// d loss / d score into `slope` (the same places) where one is given. Letters as in the Python lab: n items, d inputs,
// k scores per item.

/** Squared distance to a number: (s - t)^2. */
export function square(s, at, k, target, slope) {
  const gap = s[at] - target;
  if (slope) slope[at] = 2 * gap;
  return gap * gap;
}

/** Surprise at a yes or no: -log of the probability that one score gives to the truth, 1 / (1 + e^-s) for yes. */
export function logistic(s, at, k, target, slope) {
  const score = s[at];
  const e = Math.exp(-Math.abs(score)); // never above 1, so nothing overflows
  const yes = score >= 0 ? 1 / (1 + e) : e / (1 + e);
  if (slope) slope[at] = yes - target;
  return Math.max(score, 0) - score * target + Math.log1p(e);
}

/** Surprise at one of k classes: -log of the probability that softmax gives to the true one. */
export function softmax(s, at, k, target, slope) {
  let top = s[at];
  for (let j = 1; j < k; j++) if (s[at + j] > top) top = s[at + j];
  let sum = 0;
  for (let j = 0; j < k; j++) {
    const e = Math.exp(s[at + j] - top);
    if (slope) slope[at + j] = e;
    sum += e;
  }
  if (slope) {
    for (let j = 0; j < k; j++) slope[at + j] /= sum;
    slope[at + target] -= 1;
  }
  return Math.log(sum) + top - s[at + target];
}

/** Whether the answer is the truth: the largest score, of equals the first; a number that is none is wrong. */
export function isRight(s, at, k, target) {
  if (k === 1) return s[at] > 0 === (target === 1) && Number.isFinite(s[at]);
  const score = s[at + target];
  for (let j = 0; j < k; j++) if (!(j < target ? score > s[at + j] : score >= s[at + j])) return false;
  return true;
}
