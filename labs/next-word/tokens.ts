// Cutting a text into the pieces that a large language model counts, with a vocabulary made by others (byte pair encoding).
import type { Tiktoken } from "js-tiktoken/lite";

type Ranks = ConstructorParameters<typeof Tiktoken>[0];

// vocabulary reads the file of a vocabulary, which is a script that exports one object.
export function vocabulary(file: string): Ranks {
  return JSON.parse(file.slice(file.indexOf("{"), file.lastIndexOf("}") + 1));
}

// Piece is one token; whole says that it is letters and not a part of one.
export interface Piece {
  text: string;
  whole: boolean;
}

// cut gives the pieces of a text. What looks like a sign of the model's own is text like any other.
export function cut(t: Tiktoken, text: string): Piece[] {
  return t.encode(text, [], []).map((id) => {
    const piece = t.decode([id]);
    return { text: piece, whole: !piece.includes("\ufffd") };
  });
}
