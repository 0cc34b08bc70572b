// The writing half of a stream. What the SDK's end of a channel lacks, waiting when it is full, is taken from inside it.

import type { ChannelWriter } from "iii-sdk/channel";
import { MOST_CHARACTERS, MOST_ITEMS } from "./incoming.js";

/** A writer that has nothing to say says so: only at an item does it learn that its reader left. */
const KEEP_ALIVE_MS = 10_000;

/** The reader has left: nothing that is written arrives. */
export class ReaderLeft extends Error {}

type SendRaw = (text: string, done: (error?: Error | null) => void) => void;

/** The writing half: counts messages, waits while too much is on its way, and keeps the channel alive. */
export class Outgoing {
  readonly #writer: ChannelWriter;
  readonly #onGone: () => void;
  readonly #keepAlive: NodeJS.Timeout;
  #items = 0;
  #characters = 0;
  #spoke = performance.now();
  #closed = false;
  #gone = false;
  #waiting: (() => void)[] = [];
  /** Messages handed over so far. */
  count = 0;

  /** `onGone` is told when the reader has left before the end. */
  constructor(writer: ChannelWriter, onGone: () => void) {
    this.#writer = writer;
    this.#onGone = onGone;
    writer.stream.on("error", () => this.#leave());
    writer.stream.on("close", () => this.#leave());
    this.#keepAlive = setInterval(() => {
      if (performance.now() - this.#spoke >= KEEP_ALIVE_MS - 100) this.#write("");
    }, KEEP_ALIVE_MS);
    this.#keepAlive.unref();
  }

  /** Hands over one message, in step with the reader. Throws ReaderLeft. */
  async put(text: string): Promise<void> {
    if (this.#gone) throw new ReaderLeft();
    if (this.#closed) return;
    this.count += 1;
    this.#write(text);
    while (!this.#gone && (this.#items >= MOST_ITEMS || this.#characters >= MOST_CHARACTERS)) await this.#change();
    // A socket that takes everything at once says so before any timer runs: others would never get their turn.
    if (this.count % MOST_ITEMS === 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#gone) throw new ReaderLeft();
  }

  /** Every message was handed over: says how many. */
  end(): void {
    if (this.#closed || this.#gone) return;
    this.#closed = true;
    this.#write(JSON.stringify(["end", this.count]));
  }

  /** Nobody waits for an answer any more. */
  cancel(): void {
    if (this.#gone) return;
    this.#closed = true;
    this.#write(JSON.stringify(["cancel"]));
  }

  /** Returns once everything is written, or nobody reads it. */
  async flushed(): Promise<void> {
    while (this.#items > 0 && !this.#gone) await this.#change();
  }

  /** Closes the channel behind what was written. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#keepAlive);
    this.#writer.close();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #write(text: string): void {
    this.#spoke = performance.now();
    this.#items += 1;
    this.#characters += text.length;
    const done = (): void => {
      this.#items -= 1;
      this.#characters -= text.length;
      this.#waiting.splice(0).forEach((wake) => wake());
    };
    // `sendMessage` does not say when a message has left; what it calls does.
    const { sendRaw } = this.#writer as unknown as { readonly sendRaw?: SendRaw };
    if (sendRaw !== undefined) sendRaw.call(this.#writer, text, done);
    else {
      this.#writer.sendMessage(text);
      done();
    }
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearInterval(this.#keepAlive);
    this.#waiting.splice(0).forEach((wake) => wake());
    if (!this.#closed) this.#onGone();
  }
}
