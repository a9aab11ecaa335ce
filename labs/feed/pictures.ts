// A drawn picture for each topic, on a ground of one of four colours.
import { s } from "lab/dom";
import type { Post, Topic } from "./feed";

const shapes: Record<Topic, [string, string][]> = {
  football: [
    ["white", "M80 12a38 38 0 1 1 0 76a38 38 0 1 1 0-76z"],
    ["ink", "m80 34 16 12-6 18H70l-6-18z"],
    ["line", "M80 34V13M96 46l20-8M90 64l13 18M70 64 57 82M64 46l-20-8"],
  ],
  cooking: [
    ["clay", "M34 72h92l-8 14H42z"],
    ["saffron", "m80 14 40 58H40z"],
    ["line", "M34 72h92l-8 14H42zM80 14l40 58H40zM80 14V8M60 60c6-6 12 6 18 0s12 6 18 0"],
  ],
  animals: [
    ["saffron", "M46 52 40 16l24 16a52 52 0 0 1 32 0l24-16-6 36a36 36 0 1 1-68 0z"],
    ["ink", "M66 54a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM94 54a4 4 0 1 1 0 8a4 4 0 1 1 0-8zM74 70h12l-6 6z"],
    ["line", "M46 52 40 16l24 16a52 52 0 0 1 32 0l24-16-6 36a36 36 0 1 1-68 0zM40 68l18 3M40 80l18-3M120 68l-18 3M120 80l-18-3"],
  ],
  music: [
    ["clay", "M62 52a26 22 0 1 1-4 26a20 18 0 1 1-14-26z"],
    ["line", "M62 52a26 22 0 1 1-4 26a20 18 0 1 1-14-26zM74 66l50-50M118 10l12 12"],
    ["ink", "M74 58a7 7 0 1 1 0 14a7 7 0 1 1 0-14z"],
  ],
  craft: [
    ["blue", "M60 30c-22 14-24 40-6 58h52c18-18 16-44-6-58z"],
    ["line", "M64 14h32v16H64zM60 30c-22 14-24 40-6 58h52c18-18 16-44-6-58zM46 56h68"],
    ["saffron", "m58 62 8 8-8 8-8-8zM80 62l8 8-8 8-8-8zM102 62l8 8-8 8-8-8z"],
  ],
  science: [
    ["blue", "M80 26a26 26 0 1 1 0 52a26 26 0 1 1 0-52z"],
    ["line", "M80 26a26 26 0 1 1 0 52a26 26 0 1 1 0-52zM56 62c-22 10-32 16-30 20s28-2 60-16 54-28 52-32-14-1-34 6"],
    ["saffron", "m30 14 4 8 8 4-8 4-4 8-4-8-8-4 8-4zM130 66l3 6 6 3-6 3-3 6-3-6-6-3 6-3z"],
  ],
  mountain: [
    ["saffron", "M124 14a12 12 0 1 1 0 24a12 12 0 1 1 0-24z"],
    ["green", "m14 88 44-64 24 34 16-20 48 50z"],
    ["white", "m58 24 14 20-8-3-6 6-7-6-7 3z"],
    ["line", "m14 88 44-64 24 34 16-20 48 50z"],
  ],
  jokes: [
    ["saffron", "M80 12a38 38 0 1 1 0 76a38 38 0 1 1 0-76z"],
    ["line", "M80 12a38 38 0 1 1 0 76a38 38 0 1 1 0-76zM60 42c2-6 10-6 12 0M88 42c2-6 10-6 12 0"],
    ["white", "M58 56h44c-2 16-12 22-22 22s-20-6-22-22z"],
    ["line", "M58 56h44c-2 16-12 22-22 22s-20-6-22-22z"],
  ],
};

export function picture(p: Post): SVGElement {
  return s("svg", { class: `feed-picture feed-ground-${p.n}`, viewBox: "0 0 160 100", "aria-hidden": "true" }, ...shapes[p.topic].map(([kind, d]) => s("path", { class: `feed-${kind}`, d })));
}
