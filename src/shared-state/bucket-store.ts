import type { S3Client } from '@aws-sdk/client-s3';
import { awsCode, classify, isAws, requestId } from '../aws-errors.ts';
import type { Clock } from '../engine/clock.ts';
import { exitCodes, UserError, userError } from '../errors.ts';
import { aside, type NewPlace, type StateStore, writeFailures } from '../state.ts';
import { BucketLock } from './bucket-lock.ts';
import type { BucketPlace } from './place.ts';
import { S3Object } from './s3-object.ts';

export interface BucketStoreOptions {
  readonly s3: S3Client;
  readonly place: BucketPlace;
  readonly accountId: string;
  readonly clock: Clock;
  readonly pace: number;
}

/** The code of the error that `airflow-aws` answers by offering to make the bucket. */
export const bucketMissing = 'state-bucket-missing';

/**
 * A state as an object in S3, for several people. It is written under the lock beside it, and only over what was read or
 * written last. Each write carries the id of the lock, so that a run that has lost its lock is stopped by its next record.
 */
export class BucketStore implements StateStore {
  readonly name: string;
  readonly lockObject: S3Object;
  readonly #object: S3Object;
  readonly #kept: S3Object;
  #lock: BucketLock | undefined;
  /** The ETag of what is there, or `nothing`; undefined before the first look. */
  #seen: { etag: string } | 'nothing' | undefined;
  #writes = 0;
  #lost: UserError | undefined;

  constructor({ place, ...options }: BucketStoreOptions) {
    const { bucket, prefix } = place;
    this.#object = new S3Object({ ...options, bucket, key: `${prefix}state.json` });
    this.lockObject = new S3Object({ ...options, bucket, key: `${prefix}lock.json` });
    this.#kept = new S3Object({ ...options, bucket, key: `${prefix}state.json.moved` });
    this.name = this.#object.name;
  }

  /** Takes the lock for as long as the store is used. Throws exit 6 while another run has it. */
  async lock(options: { command: string; waitedSeconds: number; note: (text: string) => void }): Promise<BucketLock> {
    this.#lock = await this.#told(() => BucketLock.take(this.lockObject, options));
    return this.#lock;
  }

  /** Under the lock it is written back with the lock's id at once: from then on no earlier holder can write. */
  async read(): Promise<string | undefined> {
    for (;;) {
      const there = await this.#told(() => this.#object.read());
      this.#seen = there ? { etag: there.etag } : 'nothing';
      if (!there) return undefined;
      const { text, writer } = unstamped(there.text);
      if (!this.#lock || writer === undefined || writer === this.#lock.id) return text;
      const etag = await this.#told(() => this.#object.put(this.#stamped(text), there.etag));
      if (etag === undefined) continue;
      this.#seen = { etag };
      return text;
    }
  }

  async write(text: string): Promise<void> {
    this.#lost ??= this.#lock?.lost;
    if (this.#lost) throw this.#lost;
    if (!this.#lock) throw new Error(`${this.name} is written without its lock`);
    if (this.#seen === undefined) await this.read();
    const over = this.#seen === 'nothing' ? undefined : this.#seen?.etag;
    const etag = await this.#told(() => this.#object.put(this.#stamped(text), over), writeFailures.notWritten);
    if (etag === undefined) throw await this.#lose(this.#lock);
    this.#seen = { etag };
    if (over === undefined) await this.#told(() => removeWhatever(this.#kept));
  }

  async setAside(movedTo: NewPlace): Promise<string> {
    const text = (await this.read())!;
    await this.#told(async () => {
      const there = await this.#kept.read();
      await this.#kept.put(aside.text(this.#stamped(text), movedTo), there?.etag);
    });
    await this.remove();
    return this.#kept.name;
  }

  async movedTo(): Promise<NewPlace | undefined> {
    return aside.movedTo((await this.#told(() => this.#kept.read()))?.text);
  }

  async remove(): Promise<void> {
    if (this.#seen === undefined) await this.read();
    if (this.#seen === 'nothing' || this.#seen === undefined) return;
    const { etag } = this.#seen;
    if (!(await this.#told(() => this.#object.remove(etag)))) throw await this.#lose(this.#lock);
    this.#seen = 'nothing';
  }

  get bucket(): string {
    return this.#object.which.bucket;
  }

  async restoring(): Promise<string | undefined> {
    const { bucket, key } = this.#object.which;
    return `Take an earlier version of the object (aws s3api list-object-versions --bucket ${bucket} --prefix ${key})`;
  }

  #stamped(text: string): string {
    const data = JSON.parse(text) as object;
    return `${JSON.stringify({ ...data, writer: { lock: this.#lock!.id, write: ++this.#writes } }, null, 2)}\n`;
  }

  /** Something else is there than what we wrote last: whose it is, the lock says. */
  async #lose(lock: BucketLock | undefined): Promise<UserError> {
    await lock?.check();
    this.#lost =
      lock?.lost ??
      userError({
        code: writeFailures.changed,
        exitCode: exitCodes.stopped,
        what: `The state in ${this.name} was changed by somebody else during this run.`,
        why: 'It is written under its lock alone, so it was edited by hand, or by another program. Nothing of that was overwritten.',
        fix: 'Look at the versions of the object; then go on with "airflow-aws up --resume" or "airflow-aws destroy".',
        resumable: true,
      });
    return this.#lost;
  }

  /** Does `work`; what S3 refuses is told with the bucket's name. Expired credentials are told as everywhere. */
  async #told<T>(work: () => Promise<T>, code = 'state-not-readable'): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UserError || ['expired', 'offline'].includes(classify(error))) throw error;
      throw this.#inWords(error, code);
    }
  }

  #inWords(error: unknown, code: string): UserError {
    const { bucket, accountId } = this.#object.which;
    const common = { awsCode: awsCode(error), requestId: requestId(error), resumable: true, cause: error };
    if (isAws(error, 'NoSuchBucket'))
      return userError({
        ...common,
        code: bucketMissing,
        exitCode: exitCodes.usage,
        what: `There is no bucket ${bucket}, in which the state is to be kept.`,
        why: `The setting state is s3://${bucket}, and AWS says ${awsCode(error)}.`,
        fix: 'Check the name; or let "airflow-aws up" make the bucket, by answering its question or with --create-state-bucket.',
      });
    if (classify(error) === 'identity' || isAws(error, 'Forbidden', '403', 'AllAccessDisabled'))
      return userError({
        ...common,
        code: 'state-bucket-refused',
        exitCode: exitCodes.credentials,
        what: `AWS refuses these credentials the state in ${this.name}.`,
        why: `They lack a permission (s3:GetObject, s3:PutObject, s3:DeleteObject on the prefix, s3:ListBucket on the bucket), or the bucket ${bucket} belongs to another account than ${accountId}. AWS says ${awsCode(error)}: ${(error as Error).message}`,
        fix: 'Allow these actions, or choose a bucket of this account with the setting state.',
      });
    return userError({
      ...common,
      code,
      exitCode: exitCodes.failed,
      what: `The state in ${this.name} could not be ${code === writeFailures.notWritten ? 'written' : 'reached'}.`,
      why: `AWS says ${awsCode(error)}: ${(error as Error).message}`,
      fix: 'What is recorded there is still true. Mend what AWS names, then run the same command with --resume.',
    });
  }
}

async function removeWhatever(object: S3Object) {
  const there = await object.read();
  if (there) await object.remove(there.etag);
}

/** The text as the state knows it, and the lock under which it was written; undefined for what is no JSON. */
function unstamped(text: string): { text: string; writer: string | undefined } {
  try {
    const { writer, ...data } = JSON.parse(text) as { writer?: { lock?: string } };
    return { text: `${JSON.stringify(data, null, 2)}\n`, writer: writer?.lock ?? '' };
  } catch {
    return { text, writer: undefined };
  }
}
