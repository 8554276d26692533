import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { classify, isAws, isGone } from '../aws-errors.ts';
import { type Clock, stopwatch } from '../engine/clock.ts';

/** What an object holds. `modified` and `asked` are both on S3's clock, in milliseconds since 1970. */
export interface Held {
  readonly text: string;
  readonly etag: string;
  readonly modified: number;
  /** When S3 answered. */
  readonly asked: number;
}

export interface S3ObjectOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly key: string;
  /** A bucket of another account is refused by S3 itself, so that nobody can put one in our bucket's place. */
  readonly accountId: string;
  readonly clock: Clock;
  readonly pace: number;
}

/**
 * One object in S3, written only over what its writer has seen: over nothing (`If-None-Match: *`) or over one ETag
 * (`If-Match`). S3's ETag tells texts apart and not writes, so each text that is put must be a new one.
 */
export class S3Object {
  readonly name: string;
  readonly #options: S3ObjectOptions;

  constructor(options: S3ObjectOptions) {
    this.#options = options;
    this.name = `s3://${options.bucket}/${options.key}`;
  }

  get which(): Pick<S3ObjectOptions, 'bucket' | 'key' | 'accountId'> {
    return this.#options;
  }

  get #address() {
    const { bucket, key, accountId } = this.#options;
    return { Bucket: bucket, Key: key, ExpectedBucketOwner: accountId };
  }

  /** Undefined when there is no such object. A missing bucket is thrown. */
  async read(): Promise<Held | undefined> {
    const { s3, clock } = this.#options;
    const command = new GetObjectCommand(this.#address);
    let date: string | undefined;
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        date = (result.response as { headers?: Record<string, string> }).headers?.date;
        return result;
      },
      { step: 'build', name: 'readDateOfAnswer' },
    );
    try {
      const { Body, ETag, LastModified } = await s3.send(command);
      const text = (await Body?.transformToString()) ?? '';
      return {
        text,
        etag: ETag!,
        modified: LastModified?.getTime() ?? 0,
        asked: date === undefined ? clock.now() : Date.parse(date),
      };
    } catch (error) {
      if (isGone(error) && !isAws(error, 'NoSuchBucket')) return undefined;
      throw error;
    }
  }

  /**
   * Puts `text` over what has the ETag `over`, or over nothing. Gives the new ETag; undefined when something else is there.
   * What came of a lost answer, or of a conflict with another write, is seen by reading. Tries for `patienceSeconds`.
   */
  put(text: string, over: string | undefined, patienceSeconds = 600): Promise<string | undefined> {
    const { s3 } = this.#options;
    const condition = over === undefined ? { IfNoneMatch: '*' } : { IfMatch: over };
    const put = new PutObjectCommand({
      ...this.#address,
      ...condition,
      Body: text,
      ContentType: 'application/json',
    });
    return this.#surely(
      patienceSeconds,
      async () => (await s3.send(put)).ETag,
      async () => {
        const there = await this.read();
        if (there?.text === text) return { done: there.etag };
        return there?.etag === over ? 'as before' : { done: undefined };
      },
    );
  }

  /** Removes what has the ETag `etag`, and nothing else. True when it is gone. */
  async remove(etag: string): Promise<boolean> {
    const { s3 } = this.#options;
    const gone = await this.#surely(
      60,
      async () => {
        await s3.send(new DeleteObjectCommand({ ...this.#address, IfMatch: etag }));
        return 'gone';
      },
      async () => {
        const there = await this.read();
        if (!there) return { done: 'gone' };
        return there.etag === etag ? 'as before' : { done: undefined };
      },
    );
    return gone !== undefined;
  }

  /** `act`, and after an unclear answer `look`, until it is known what is there. */
  async #surely<T>(
    patienceSeconds: number,
    act: () => Promise<T>,
    look: () => Promise<'as before' | { done: T | undefined }>,
  ): Promise<T | undefined> {
    const { clock, pace } = this.#options;
    const waited = stopwatch(clock);
    for (let attempt = 0; ; attempt++) {
      try {
        if (attempt === 0) return await act();
        const seen = await look();
        if (seen !== 'as before') return seen.done;
        return await act();
      } catch (error) {
        // 409: another write was on its way at the same moment; AWS says to look and to try again.
        const conflict = isAws(error, 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey');
        const passing = ['throttle', 'unclear', 'offline'].includes(classify(error));
        if (!conflict && !passing) throw error;
        if (waited() > patienceSeconds) throw error;
        if (passing) await clock.sleep(1000 * pace * Math.min(8, 1 + attempt));
      }
    }
  }
}
