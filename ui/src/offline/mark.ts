// Marking on the device, as internal/quiz does it. The node marks again what it takes in, and what it says stands.

// Key is what a question's answers are marked with.
export interface Key {
  kind: string;
  name: string;
  right?: string[];
  parts?: Record<string, string[]>;
  answer?: number;
  within?: number;
}

// markOf reports whether an answer is right, all of it.
export function markOf(key: Key, r: Record<string, string>): boolean {
  const one = (r[""] ?? "").trim();
  const right = key.right ?? [];
  switch (key.kind) {
    case "choice":
    case "hotspot":
      return right.includes(one);
    case "multiple":
      return right.length > 0 && right.length === Object.keys(r).length && right.every((id) => r[id]);
    case "order":
      return right.length > 0 && right.every((id, i) => digits((r[id] ?? "").trim()) === String(i + 1));
    case "match":
      return every(key, (part, fits) => fits.includes(r[part] ?? ""));
    case "gap":
      return every(key, (part, fits) => fits.includes(plain(r[part] ?? "") || "\0"));
    case "text":
      return right.includes(plain(one) || "\0");
    case "number": {
      const n = number(one);
      return n !== undefined && key.answer !== undefined && Math.abs(n - key.answer) <= (key.within ?? 0) + 1e-9;
    }
  }
  return false;
}

function every(key: Key, fits: (part: string, accepted: string[]) => boolean): boolean {
  const parts = Object.entries(key.parts ?? {});
  return parts.length > 0 && parts.every(([part, accepted]) => fits(part, accepted));
}

const digits = (s: string) => s.replace(/[٠-٩]/g, (d) => String(d.charCodeAt(0) - 0x660)).replace(/[۰-۹]/g, (d) => String(d.charCodeAt(0) - 0x6f0));

// plain is what of words counts: see quiz.Plain.
export function plain(s: string): string {
  return digits(s)
    .normalize("NFKD")
    .replace(/[\p{Mn}\p{Cf}ـ]/gu, "")
    .replaceAll("ة", "ه")
    .replaceAll("ى", "ي")
    .replace(/[’‘]/g, "'")
    .toLowerCase()
    .trim()
    .replace(/\s+/g, " ")
    .replace(/^[\p{P}\s]+|[\p{P}\s]+$/gu, "");
}

// number reads one as people type it: see quiz.ParseNumber.
export function number(s: string): number | undefined {
  const t = digits(s).replace(/[\s\p{Cf}]/gu, "").replace(/[,٫]/g, ".").replaceAll("−", "-");
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(t) ? Number(t) : undefined;
}
