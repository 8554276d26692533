import { printable } from './printable.ts';

/** The process's exit codes, which scripts rely on. A number is never given a second meaning. */
export const exitCodes = {
  ok: 0,
  /** AWS or a server said no; the state is saved. */
  failed: 1,
  /** The command line or the settings are wrong; nothing was done. */
  usage: 2,
  /** There is something to do. Only with `--exit-code`. */
  changes: 3,
  /** No credentials, or credentials that may not do what is needed. */
  credentials: 4,
  /** `doctor` or the checks before `up` found a problem; nothing was created. */
  preflight: 5,
  /** Another run holds the lock. */
  locked: 6,
  /** Stopped part-way and resumable. */
  stopped: 7,
  /** Destroyed, but something is left in the account. */
  leftovers: 8,
  /** Built, but not healthy. */
  unhealthy: 9,
  /** Ctrl-C in a prompt. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a message to the user needs. Nothing in it may be a secret: it is printed, logged and sent as JSON. */
export interface Failure {
  /** Stable and in kebab-case, for scripts to match on. */
  readonly code: string;
  readonly exitCode: ExitCode;
  /** One sentence: what happened. */
  readonly what: string;
  /** The reason, as far as it is known. A list of problems has one a line. */
  readonly why: string;
  /** What to do now, with the command or the key to change. */
  readonly fix: string;
  /** The tutorial's step number. */
  readonly step?: number | undefined;
  /** The resource key. */
  readonly resource?: string | undefined;
  /** AWS's own code, as in its documentation. */
  readonly awsCode?: string | undefined;
  readonly requestId?: string | undefined;
  /** True where `up --resume` or a second `destroy` goes on from here. */
  readonly resumable?: boolean | undefined;
  readonly cause?: unknown;
}

/** An error that was foreseen. Any other error that reaches the top is a defect and keeps its stack. */
export class UserError extends Error implements Failure {
  override readonly name = 'UserError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  readonly step: number | undefined;
  readonly resource: string | undefined;
  readonly awsCode: string | undefined;
  readonly requestId: string | undefined;
  readonly resumable: boolean | undefined;

  constructor(failure: Failure) {
    super(printable(failure.what), failure.cause === undefined ? undefined : { cause: failure.cause });
    this.code = failure.code;
    this.exitCode = failure.exitCode;
    this.what = printable(failure.what);
    this.why = printable(failure.why);
    this.fix = printable(failure.fix);
    this.step = failure.step;
    this.resource = failure.resource;
    this.awsCode = failure.awsCode;
    this.requestId = failure.requestId;
    this.resumable = failure.resumable;
  }

  /** The `error` object of `--json`. */
  toJSON() {
    const { code, what, why, fix, step, resource, awsCode, requestId, resumable } = this;
    return { code, message: what, why, fix, step, resource, awsCode, requestId, resumable };
  }
}

export function userError(failure: Failure): UserError {
  return new UserError(failure);
}

const diskCodes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'];

/** What the file system says no to is no defect. Undefined for any other error. */
export function diskFailure(error: unknown): UserError | undefined {
  const { code = '', path, syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (!(error instanceof Error) || syscall === undefined || !diskCodes.includes(code)) return undefined;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return userError({
    code: 'file-not-writable',
    exitCode: exitCodes.failed,
    what: `The file system refused ${path ?? 'a file'}.`,
    why: `${message ?? code}. What exists in the account is recorded in the state file.`,
    fix: full
      ? 'Free disk space, then run the same command again.'
      : 'Make it writable, then run the same command again.',
    resumable: true,
    cause: error,
  });
}
