// The tokenizer of lab next-word, away from the page: its vocabulary has two hundred thousand pieces.
import { Tiktoken } from "js-tiktoken/lite";
import { answer } from "lab/remote";
import { cut, vocabulary, type Piece } from "./tokens";

let tokenizer: Tiktoken | undefined;

answer({
  async load(address: string): Promise<boolean> {
    const file = await fetch(address);
    if (!file.ok) throw new Error(`the vocabulary did not come: ${file.status}`);
    tokenizer = new Tiktoken(vocabulary(await file.text()));
    return true;
  },
  cut: (text: string): Piece[] => cut(tokenizer!, text),
});
