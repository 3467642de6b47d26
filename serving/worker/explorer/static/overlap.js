// How two ranked lists differ.

const PERSISTENCE = 0.9;

/** Return how many ids two lists share. */
export function shared(one, other) {
  const ids = new Set(other);
  return one.filter((id) => ids.has(id)).length;
}

/** Return the Jaccard index: shared by all distinct ids; 1 for two empty lists. */
export function jaccard(one, other) {
  const common = shared(one, other);
  const all = one.length + other.length - common;
  return all === 0 ? 1 : common / all;
}

/**
 * Return the extrapolated rank-biased overlap of two lists, to the depth of the shorter one (Webber, Moffat and Zobel 2010,
 * doi:10.1145/1852102.1852106, equation 23 for lists of even length): 1 is the same order, 0 nothing in common.
 */
export function rankBiasedOverlap(one, other, persistence = PERSISTENCE) {
  const depth = Math.min(one.length, other.length);
  if (depth === 0) return one.length === other.length ? 1 : 0;
  let sum = 0;
  let common = 0;
  for (let rank = 1; rank <= depth; rank += 1) {
    common = shared(one.slice(0, rank), other.slice(0, rank));
    sum += (common / rank) * persistence ** rank;
  }
  return (common / depth) * persistence ** depth + ((1 - persistence) / persistence) * sum;
}

/** Return for each id of `now` its step against `before`: places up, negative for down, null for new. */
export function steps(before, now) {
  return now.map((id, place) => (before.includes(id) ? before.indexOf(id) - place : null));
}
