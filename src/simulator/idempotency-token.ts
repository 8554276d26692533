import { NormalizedSchema } from '@smithy/core/schema';
import type { OperationSchema } from './shapes.ts';

/**
 * The SDK fills in a missing idempotency token on the wire only, and its own retries send it again. Gives the input as
 * the wire has it, so that a retried call is recognised as AWS recognises it.
 */
export function withTokenOfWire(
  schema: OperationSchema,
  input: Record<string, unknown>,
  body: unknown,
  understood: readonly string[],
): Record<string, unknown> {
  const shape = NormalizedSchema.of(schema[4]);
  if (!shape.isStructSchema()) return input;
  for (const [name, member] of shape.structIterator())
    if (input[name] === undefined && understood.includes(name) && member.isIdempotencyToken()) {
      const token = fieldOf(text(body), name);
      return token === undefined ? input : { ...input, [name]: token };
    }
  return input;
}

function text(body: unknown): string {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
}

function fieldOf(body: string, name: string): string | undefined {
  const fields = body.startsWith('{')
    ? Object.entries(JSON.parse(body) as Record<string, unknown>)
    : [...new URLSearchParams(body)];
  const found = fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return typeof found === 'string' ? found : undefined;
}
