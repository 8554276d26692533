/** What a question is, whoever answers it: a person at a terminal, or a test. */

export interface Choice {
  readonly name: string;
  readonly value: string;
  /** Shown beneath the list while the choice is pointed at. */
  readonly description?: string;
  /** Why it cannot be chosen. */
  readonly disabled?: string;
}

/** One question. `input` and `select` are answered with text, `confirm` with yes or no. */
export interface Question {
  readonly type: 'input' | 'select' | 'confirm';
  readonly message: string;
  readonly default: string | boolean;
  readonly choices?: readonly Choice[];
  /** Shown for `?`: what the answer decides, and what the tutorial did. */
  readonly why?: string;
  /** True: Esc is answered with `back`. */
  readonly canGoBack?: boolean;
  /** True, or what is wrong with the text. */
  validate?(text: string): true | string;
}

/** The answer of whoever wants the question before this one again. */
export const back = Symbol('back');

export type Ask = (question: Question) => Promise<string | boolean | typeof back>;
