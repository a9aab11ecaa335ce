// A feed that follows whoever scrolls: what is done with a post changes a profile, and the profile chooses the next posts.

export const topics = ["football", "cooking", "animals", "music", "craft", "science", "mountain", "jokes"] as const;
export type Topic = (typeof topics)[number];
export type Act = "like" | "watch" | "skip";

// Post is one of the posts of a topic.
export interface Post {
  topic: Topic;
  n: number; // from 1
}

export const each = 4; // posts a topic
export const long = 8; // posts a round

// Profile is what the machine believes: for each topic how much it is wanted; 1 is what everybody begins with.
export type Profile = Record<Topic, number>;

export const blank = (): Profile => Object.fromEntries(topics.map((t) => [t, 1])) as Profile;

const pulls: Record<Act, number> = { like: 1.5, watch: 1.25, skip: 0.8 };

// learn changes a profile by what was done with a post.
export function learn(p: Profile, topic: Topic, act: Act): Profile {
  return { ...p, [topic]: Math.min(200, Math.max(0.05, p[topic] * pulls[act])) };
}

// shares are the parts that topics get. strength is how much the feed follows the profile: 0 not at all, 1.5 as it does when
// nobody asks; surprise is the part that stays for everything.
export function shares(p: Profile, strength = 1.5, surprise = 0.16): number[] {
  const w = topics.map((t) => p[t] ** strength);
  const all = w.reduce((a, b) => a + b, 0);
  return w.map((v) => (1 - surprise) * (v / all) + surprise / topics.length);
}

// round gives the next posts: each topic as many as its part, the largest rests first. seen is how many posts there were.
export function round(parts: number[], seen: number): Post[] {
  const wish = parts.map((p) => p * long);
  const n = wish.map(Math.floor);
  const rest = wish.map((v, i) => [v - n[i]!, i] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  for (let k = 0, left = long - n.reduce((a, b) => a + b, 0); k < left; k++) n[rest[k]![1]]!++;
  // In turn, so that the most frequent topic does not come all at once.
  const out: Post[] = [];
  for (let k = 0; out.length < long; k++) topics.forEach((topic, i) => k < n[i]! && out.push({ topic, n: ((seen / long + k) % each | 0) + 1 }));
  return out;
}

// diversity is how mixed some posts are: 1 when every topic has the same part, 0 when there is only one (the entropy, over
// the most it can be).
export function diversity(posts: Post[]): number {
  if (posts.length === 0) return 0;
  let sum = 0;
  for (const t of topics) {
    const p = posts.filter((q) => q.topic === t).length / posts.length;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum / Math.log(topics.length);
}
