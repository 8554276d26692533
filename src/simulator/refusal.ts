/**
 * What the account answers instead of a result: AWS's own wire code, message and HTTP status. The attached client turns
 * it into the exception class that AWS's answer would have become, by way of its own protocol.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape, such as `FileSystemId` of EFS's `FileSystemAlreadyExists`. */
  readonly fields: Record<string, unknown>;

  constructor(code: string, message: string, status: number, fields: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

/** A refusal to throw. The status is 400 unless AWS documents another. */
export function refusal(code: string, message: string, status = 400, fields: Record<string, unknown> = {}): Refusal {
  return new Refusal(code, message, status, fields);
}
