// How a movie looks: its title as a person writes it, and the colors of its genres.

const ARTICLES = "The|A|An|La|Le|Les|L'|Il|I|Lo|El|Los|Las|Un|Une|Der|Die|Das|Det|Den|De|O|Os";
const LONGEST_TITLE = 500;
const INVERTED = new RegExp(`^(.*), (${ARTICLES})$`);

/** Return `{title, other}` of a MovieLens title: "Postino, Il (The Postman) (1994)" is "Il Postino", "The Postman". */
export function named(movieLensTitle) {
  // A title is data: the patterns below would take seconds over one of thousands of blanks.
  const shortened = movieLensTitle.replace(/\s+/g, " ").slice(0, LONGEST_TITLE);
  const [first, ...others] = shortened.replace(/\s*\(\d{4}\)\s*$/, "").split(/\s*\(/);
  const rest = others.map((other) => upright(other.replace(/\)\s*$/, "")));
  return { title: upright(first) || shortened.trim() || "Untitled", other: rest.join(", ") };
}

/** Return the title alone. */
export const titleOf = (movie) => named(movie.title).title;

function upright(title) {
  const match = INVERTED.exec(title.trim());
  if (!match) return title.trim();
  return match[2].endsWith("'") ? match[2] + match[1] : `${match[2]} ${match[1]}`;
}

// Hue and chroma. Genres that often meet keep clear of one another; grave ones are pale.
const COLORS = {
  Action: [27, 0.16], Adventure: [55, 0.14], Animation: [185, 0.11], Children: [125, 0.15], "Children's": [125, 0.15],
  Comedy: [88, 0.14], Crime: [305, 0.1], Documentary: [230, 0.04], Drama: [252, 0.07], Fantasy: [322, 0.14],
  "Film-Noir": [280, 0.03], Horror: [15, 0.18], IMAX: [205, 0.1], Musical: [345, 0.15], Mystery: [288, 0.13],
  Romance: [5, 0.12], "Sci-Fi": [220, 0.13], Thriller: [158, 0.11], War: [112, 0.06], Western: [62, 0.07],
};

/** Return a CSS color for a genre; the theme decides on the lightness unless one is given; `share` makes it paler. */
export function colorOf(genre, lightness = "var(--genre-lightness)", share = 1) {
  const spread = [...genre].reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, 0) % 360;
  const [hue, chroma] = Object.hasOwn(COLORS, genre) ? COLORS[genre] : [spread, 0.1];
  return `oklch(${lightness} ${chroma * share} ${hue})`;
}

/** Paint a thumbnail in the colors of a movie's genres, at most three, and return it. */
export function paintThumb(element, genres) {
  const colors = genres.slice(0, 3).map((genre) => colorOf(genre));
  const step = 100 / Math.max(colors.length, 1);
  const stops = colors.map((color, place) => `${color} ${place * step}% ${(place + 1) * step}%`);
  element.style.background = stops.length ? `linear-gradient(${stops.join(", ")})` : "";
  return element;
}

/** Paint a title card: dark enough that white letters can be read on it. */
export function paintCard(element, genres) {
  const colors = (genres.length ? genres : ["Documentary"]).slice(0, 3).map((genre) => colorOf(genre, "37%", 0.6));
  element.style.background = `linear-gradient(125deg, ${colors.join(", ")}, oklch(22% 0.03 60))`;
}

/** Return a number of ratings in words. */
export function ratedTimes(count) {
  return count === 1 ? "rated once" : `rated ${count.toLocaleString("en")} times`;
}
