// The simple rule that a network has to beat: which of the ten mean digits is nearest? Draws nothing.

/** Read means.json: { means: ten arrays of 784 levels, nRight, n } with its score on MNIST's test set. */
export async function readMeans() {
  const response = await fetch(new URL("means.json", import.meta.url));
  if (!response.ok) throw new Error(`means.json is missing (HTTP ${response.status}). Export the page again.`);
  const { levels, n_right: nRight, n } = await response.json();
  return { means: levels.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))), nRight, n };
}

/** The mean squared distance of a picture to each mean, of inks 0..1; the smallest is what the rule says. */
export function distancesTo(means, picture) {
  return means.map((mean) => {
    let sum = 0;
    for (let i = 0; i < picture.length; i++) sum += ((picture[i] - mean[i]) / 255) ** 2;
    return sum / picture.length;
  });
}
