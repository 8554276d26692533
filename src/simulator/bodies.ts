import { buffer } from 'node:stream/consumers';

/**
 * The same input with its `Body` as bytes. A stream can be read once and only asynchronously, and the SDK's checksum
 * middleware would start to read it; the account needs it whole, at one moment.
 */
export async function withBodyRead<Input extends object>(input: Input): Promise<Input> {
  const { Body } = input as { Body?: unknown };
  if (typeof Body !== 'object' || Body === null || Body instanceof Uint8Array) return input;
  if (Body instanceof Blob) return { ...input, Body: new Uint8Array(await Body.arrayBuffer()) };
  return Symbol.asyncIterator in Body ? { ...input, Body: await buffer(Body as AsyncIterable<Uint8Array>) } : input;
}
