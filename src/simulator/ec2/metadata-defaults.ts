import type {
  GetInstanceMetadataDefaultsCommandInput,
  GetInstanceMetadataDefaultsCommandOutput,
  InstanceMetadataOptionsRequest,
  ModifyInstanceMetadataDefaultsCommandInput,
  ModifyInstanceMetadataDefaultsCommandOutput,
} from '@aws-sdk/client-ec2';
import type { Scope } from '../account.ts';
import { type Noun, operation } from '../noun.ts';
import { refusal } from '../refusal.ts';
import type { MetadataOptions } from './instances.ts';

/** The region's defaults for new instances; a member that is missing has no preference. */
type DefaultsRow = Partial<MetadataOptions>;

function defaultsTable(scope: Scope) {
  return scope.table<DefaultsRow>('ec2.metadataDefaults');
}

function oneOf<Choice extends string>(member: string, value: string | undefined, choices: readonly Choice[]) {
  if (value === undefined) return undefined;
  const choice = choices.find((one) => one === value);
  if (choice === undefined)
    throw refusal('InvalidParameterValue', `Value (${value}) for parameter ${member} is invalid.`);
  return choice;
}

/** The members that a call gives, checked. */
export function givenMetadataOptions(options: InstanceMetadataOptionsRequest = {}): Partial<MetadataOptions> {
  const hops = options.HttpPutResponseHopLimit;
  if (hops !== undefined && (!Number.isInteger(hops) || hops < 1 || hops > 64))
    throw refusal('InvalidParameterValue', `Value (${hops}) for parameter HttpPutResponseHopLimit is invalid.`);
  const given = {
    httpTokens: oneOf('HttpTokens', options.HttpTokens, ['optional', 'required']),
    httpPutResponseHopLimit: hops,
    httpEndpoint: oneOf('HttpEndpoint', options.HttpEndpoint, ['enabled', 'disabled']),
    instanceMetadataTags: oneOf('InstanceMetadataTags', options.InstanceMetadataTags, ['enabled', 'disabled']),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What a new instance gets: the call's wish, then the region's default, then what the image was made for. */
export function metadataOptionsFor(
  scope: Scope,
  wanted: InstanceMetadataOptionsRequest | undefined,
  imdsSupport: 'v2.0' | undefined,
): MetadataOptions {
  const image = imdsSupport ? ({ httpTokens: 'required', httpPutResponseHopLimit: 2 } as const) : {};
  const { httpTokens, httpPutResponseHopLimit, httpEndpoint, instanceMetadataTags } = {
    httpTokens: 'optional' as const,
    httpPutResponseHopLimit: 1,
    httpEndpoint: 'enabled' as const,
    instanceMetadataTags: 'disabled' as const,
    ...image,
    ...defaultsTable(scope).peek('defaults'),
    ...givenMetadataOptions(wanted),
  };
  return { httpTokens, httpPutResponseHopLimit, httpEndpoint, instanceMetadataTags };
}

export const metadataDefaults: Noun = {
  service: 'ec2',
  operations: {
    GetInstanceMetadataDefaults: operation<
      GetInstanceMetadataDefaultsCommandInput,
      GetInstanceMetadataDefaultsCommandOutput
    >([], (scope) => {
      const row = defaultsTable(scope).peek('defaults');
      return {
        AccountLevel: {
          ManagedBy: 'account',
          HttpTokens: row?.httpTokens,
          HttpPutResponseHopLimit: row?.httpPutResponseHopLimit,
          HttpEndpoint: row?.httpEndpoint,
          InstanceMetadataTags: row?.instanceMetadataTags,
        },
      };
    }),
    ModifyInstanceMetadataDefaults: operation<
      ModifyInstanceMetadataDefaultsCommandInput,
      ModifyInstanceMetadataDefaultsCommandOutput
    >(
      ['HttpTokens', 'HttpPutResponseHopLimit', 'HttpEndpoint', 'InstanceMetadataTags'],
      (scope, { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint, InstanceMetadataTags }) => {
        // `no-preference` and -1 take a default away; what is not mentioned stays.
        const kept = defaultsTable(scope).peek('defaults') ?? {};
        const wish = <Value>(value: Value | undefined, none: unknown) => (value === none ? undefined : value);
        const given = givenMetadataOptions({
          HttpTokens: wish(HttpTokens, 'no-preference') as 'optional' | 'required' | undefined,
          HttpPutResponseHopLimit: wish(HttpPutResponseHopLimit, -1),
          HttpEndpoint: wish(HttpEndpoint, 'no-preference') as 'enabled' | 'disabled' | undefined,
          InstanceMetadataTags: wish(InstanceMetadataTags, 'no-preference') as 'enabled' | 'disabled' | undefined,
        });
        const row: DefaultsRow = { ...kept, ...given };
        if (HttpTokens === 'no-preference') delete row.httpTokens;
        if (HttpPutResponseHopLimit === -1) delete row.httpPutResponseHopLimit;
        if (HttpEndpoint === 'no-preference') delete row.httpEndpoint;
        if (InstanceMetadataTags === 'no-preference') delete row.instanceMetadataTags;
        defaultsTable(scope).insert('defaults', row);
        return { Return: true };
      },
    ),
  },
};
