/** Parts of a network that the settings name instead of having them made: somebody else's, and never changed. */
import type { Ec2Kind } from '../aws.ts';
import type { Config } from '../config/schema.ts';
import type { Needs, Verbs } from '../engine/resource.ts';
import { exitCodes, userError } from '../errors.ts';
import { differing, networkStays } from './differences.ts';

/** False where a network is used: its way in and out is its owner's. */
export function makesNetwork({ vpc }: Config): boolean {
  return vpc === 'create';
}

type Existing = Exclude<Config['vpc'], 'create'>;
type Nothing = Record<never, string>;

/** An identity of ours, or of what is used: then no verb may change it, whatever the settings say later. */
type OrUsed<Field extends string> = Record<Field, string> & { readonly used?: 'true' };

/**
 * The same verbs, unless the settings name one that is there (`named` gives its id) or the identity says so. That one is
 * found by its id; it is not tagged, not changed by `finish` and left alone by `destroy`.
 */
export function orUsed<const Field extends string, N extends Needs, Item>(
  field: Field,
  kind: Ec2Kind<Item>,
  named: (vpc: Existing) => string,
  verbs: Verbs<N, Record<Field, string>, Nothing>,
): Verbs<N, OrUsed<Field>, Nothing> {
  const usedId = ({ vpc }: Config) => (vpc === 'create' ? undefined : named(vpc));
  const used = (id: string) => ({ [field]: id, used: 'true' }) as OrUsed<Field>;
  return {
    ...verbs,
    used: (config) => usedId(config) !== undefined,
    async find(aws, needs) {
      const { recorded, config, seek } = aws;
      const id = recorded ? recorded.used && recorded[field] : usedId(config);
      if (!id) return verbs.find(aws, needs);
      const found = await seek(kind, id);
      return found && kind.id(found) === id ? used(id) : undefined;
    },
    async create(aws, needs) {
      const id = usedId(aws.config);
      if (id === undefined) return verbs.create(aws, needs);
      const found = await aws.seek(kind, id);
      if (!found || kind.id(found) !== id)
        throw userError({
          code: 'used-missing',
          exitCode: exitCodes.preflight,
          what: `${id} is not in this account and region.`,
          why: 'The settings name it under vpc, to be used and not made.',
          fix: 'Correct vpc in airflow-aws.yaml, or the account or region that the credentials are for.',
          resumable: true,
        });
      return used(id);
    },
    async finish(aws, identity, needs) {
      return identity.used ? {} : ((await verbs.finish?.(aws, identity, needs)) ?? {});
    },
    async compare(aws, identity, needs) {
      if (!identity.used) return (await verbs.compare?.(aws, identity, needs)) ?? [];
      const id = identity[field];
      return differing(field, id, usedId(aws.config), networkStays('vpc', id));
    },
    async destroy(aws, identity) {
      if (!identity.used) await verbs.destroy(aws, identity);
    },
  };
}
