import { type UserError, userError } from '../errors.ts';
import type { Command } from './command.ts';

/** A server, as the runner finds it. */
export interface Host {
  /** `bastion`, `a` or `c`: its name for people and for `ssh -F .airflow-aws/ssh_config`. */
  readonly name: string;
  readonly instanceId: string;
  readonly address: string;
  readonly user: string;
  /** The bastion, for a server without a public address. */
  readonly via?: Host;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Each line of output as it comes, secrets masked. */
  readonly onOutput?: (line: string) => void;
}

/** Runs one command on one server. Rejects with a `UserError` whose `code` is one of `shellErrors`. */
export interface Shell {
  run(host: Host, command: Command, options?: RunOptions): Promise<{ stdout: string }>;
}

export const shellErrors = {
  /** No answer on port 22, or the connection broke and did not come back. */
  unreachable: 'host-unreachable',
  /** It answered, and took neither key nor user. */
  login: 'host-login-refused',
  /** It has another host key than the one pinned at first sight. */
  hostKey: 'host-key-changed',
  failed: 'host-command-failed',
  timeout: 'host-command-timeout',
} as const;

const reasons: Record<keyof typeof shellErrors, { why: string; fix: string }> = {
  unreachable: {
    why: 'It does not answer on port 22.',
    fix: 'If your own address changed, run `up` again: it opens the way for the new one. Otherwise see `airflow-aws doctor`.',
  },
  login: {
    why: 'It takes neither our user nor our key.',
    fix: 'The key in .airflow-aws must be the one that the instance was launched with; `destroy` and `up` make a new pair.',
  },
  hostKey: {
    why: 'Its host key is not the one it had when it was first seen, so it may be another machine.',
    fix: 'If you know why (a restored volume, keys made anew), delete its line in .airflow-aws/known_hosts; otherwise stop here.',
  },
  failed: { why: '', fix: 'Run `airflow-aws up --resume`; the command may run again at any time.' },
  timeout: { why: '', fix: 'Run `airflow-aws up --resume`; work that still goes on there is picked up again.' },
};

/** `detail` is what the server or ssh said last; it must have been masked. */
export function shellError(
  kind: keyof typeof shellErrors,
  host: Host,
  command: Command,
  detail: string,
  cause?: unknown,
): UserError {
  const { parameters = [], endpoints = [], buckets = [] } = command.touches ?? {};
  const needed = [...parameters, ...endpoints.map(({ address, port }) => `${address}:${port}`), ...buckets];
  const why = [
    reasons[kind].why,
    detail.trim(),
    kind === 'failed' && needed.length > 0 ? `It needs ${needed.join(', ')}.` : '',
  ];
  return userError({
    code: shellErrors[kind],
    exitCode: 1,
    what: `${host.name} (${host.instanceId}) could not ${command.title}.`,
    why: why.filter((line) => line !== '').join('\n'),
    fix: reasons[kind].fix,
    resumable: true,
    cause,
  });
}
