// Cuts the fonts down to what Tizi writes. All of them together stay under the
// 65 KB a page may load, so that a French page with Arabic and Tifinagh names on
// it is within the budget too; more than that fails the build.
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import subset from "subset-font";

const require = createRequire(import.meta.url);
const out = process.argv[2];
const budget = 65 * 1024;

const range = (from, to) => {
  let s = "";
  for (let c = from; c <= to; c++) s += String.fromCodePoint(c);
  return s;
};

const latin = range(0x20, 0x7e) + range(0xa0, 0xff) + "ŒœŸ–—‘’‚“”„†•…‹›€™−×→←↑↓≥≤≠\u2009\u2011\u202f";
// The Latin letters of Tamazight and of transcribed Arabic names.
const extended = "ḌḍḤḥṚṛṢṣṬṭẒẓƐɛƔɣČčǦǧĠġŻżĀāĪīŪū";
// Standard Arabic, its vowel signs, and the letters Moroccan writing adds (ڭ گ پ ڤ چ ژ).
const arabic = "،؛؟٪٫٬«»" + range(0x621, 0x63a) + range(0x640, 0x652) + "ٰٱپچژڤگڭڥکی";
const tifinagh = range(0x2d30, 0x2d67) + "ⵯ⵰⵿";

const fonts = [
  ["latin-400", "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-400-normal.woff2", latin],
  ["latin-600", "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-600-normal.woff2", latin],
  ["latin-ext-400", "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-ext-400-normal.woff2", extended],
  ["latin-ext-600", "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-ext-600-normal.woff2", extended],
  ["arabic-400", "@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-400-normal.woff2", arabic],
  ["arabic-600", "@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic-arabic-600-normal.woff2", arabic],
  ["tifinagh-400", "@fontsource/noto-sans-tifinagh/files/noto-sans-tifinagh-tifinagh-400-normal.woff2", tifinagh],
];

// What shaping needs, and even figures; the decorative alternates stay behind.
const keepFeatures = [
  "kern", "mark", "mkmk", "ccmp", "locl", "init", "medi", "fina", "isol", "rlig", "liga", "calt", "curs", "lnum", "tnum",
];

let total = 0;
for (const [name, file, text] of fonts) {
  const small = await subset(await readFile(require.resolve(file)), text, {
    targetFormat: "woff2",
    noHinting: true,
    keepFeatures,
  });
  total += small.length;
  await writeFile(path.join(out, name + ".woff2"), small);
}
if (total > budget) {
  console.error(`the fonts take ${total} bytes, more than the ${budget} a page may load`);
  process.exit(1);
}
