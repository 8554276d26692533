import { refusal } from '../refusal.ts';

/** One attribute: its value until somebody sets it, and which values AWS takes. */
export interface Attribute {
  initial: string;
  values: readonly string[] | readonly [from: number, to: number] | 'text';
  /** A word that is taken besides a range. */
  word?: string;
}
export type AttributeTable = Readonly<Record<string, Attribute>>;

export const flag = (initial: boolean): Attribute => ({ initial: String(initial), values: ['true', 'false'] });
export const text: Attribute = { initial: '', values: 'text' };
export const choice = (initial: string, ...others: string[]): Attribute => ({ initial, values: [initial, ...others] });
export const between = (from: number, to: number, initial: number): Attribute => ({
  initial: String(initial),
  values: [from, to],
});

const attributesPerCall = 20;

/** Every attribute with its value: the initial one, or the one that was set. */
export function attributeList(table: AttributeTable, set: Record<string, string>): { Key: string; Value: string }[] {
  return Object.entries(table).map(([Key, { initial }]) => ({ Key, Value: set[Key] ?? initial }));
}

/**
 * What `given` sets. An unknown key or a value out of range is AWS's `ValidationError`; a key that AWS knows for another
 * type (it is in one of `others`) is `InvalidConfigurationRequest`.
 */
export function attributesFrom(
  noun: 'Load balancer' | 'Target group' | 'Listener',
  given: readonly { Key?: string | undefined; Value?: string | undefined }[],
  table: AttributeTable,
  others: readonly AttributeTable[] = [],
): Record<string, string> {
  if (given.length === 0 || given.length > attributesPerCall)
    throw refusal(
      'ValidationError',
      `1 validation error detected: Value at 'attributes' failed to satisfy constraint: Member must have length between 1 and ${attributesPerCall}`,
    );
  const result: Record<string, string> = {};
  for (const { Key = '', Value = '' } of given) {
    if (Object.hasOwn(result, Key))
      throw refusal('ValidationError', `${noun} attribute key '${Key}' was specified more than once`);
    const attribute = Object.hasOwn(table, Key) ? table[Key] : undefined;
    if (!attribute) {
      if (others.some((other) => Object.hasOwn(other, Key)))
        throw refusal('InvalidConfigurationRequest', `${noun} attribute key '${Key}' is not supported on this type`);
      throw refusal('ValidationError', `${noun} attribute key '${Key}' is not recognized`);
    }
    if (!takes(attribute, Value))
      throw refusal('ValidationError', `${noun} attribute value '${Value}' is not valid for the key '${Key}'`);
    result[Key] = Value;
  }
  return result;
}

function takes({ initial, values, word }: Attribute, value: string): boolean {
  if (values === 'text') return value.length <= 1024;
  const [from, to] = values;
  if (typeof from === 'number' && typeof to === 'number')
    return value === initial || value === word || (/^\d+$/.test(value) && Number(value) >= from && Number(value) <= to);
  return (values as readonly string[]).includes(value);
}
