/** Secrets live in SSM Parameter Store from before their first use; the state has their names only. */
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import type { Aws } from '../aws.ts';
import { isAws, isGone, unlessGone } from '../aws-errors.ts';
import { resource } from '../engine/resource.ts';
import { hideSecret } from '../hosts/mask.ts';
import { tagDifferences } from './differences.ts';

/** One SecureString. `value` is asked once, when the parameter is made. */
export function secret<const Key extends 'databasePassword' | 'cachePassword' | 'airflowSecrets'>(
  key: Key,
  description: string,
  value: (aws: Aws) => string,
) {
  return resource(
    key,
    {},
    {
      type: 'AWS::SSM::Parameter',
      typicalSeconds: { create: 1, destroy: 1 },
      holdsData: true,
      async find({ ssm, ask, names, recorded, isOurs }) {
        const parameterName = names[key];
        try {
          const { TagList } = await ask(ssm, tagsOf(parameterName));
          return recorded || isOurs(TagList) ? { parameterName } : undefined;
        } catch (error) {
          if (isGone(error) || isAws(error, 'InvalidResourceId')) return undefined;
          throw error;
        }
      },
      async create(aws) {
        const Value = value(aws);
        hideSecret(Value);
        // Without Overwrite a second call is refused, so a secret that is in use is never replaced.
        await aws.ssm.send(
          new PutParameterCommand({
            Name: aws.names[key],
            Description: description,
            Type: 'SecureString',
            Value,
            Tags: aws.tags,
          }),
        );
        return { parameterName: aws.names[key] };
      },
      async compare(aws, { parameterName }) {
        const { TagList } = await aws.ask(aws.ssm, tagsOf(parameterName));
        const set = { ResourceType: 'Parameter' as const, ResourceId: parameterName };
        return tagDifferences(aws, TagList, (Tags) => aws.ssm.send(new AddTagsToResourceCommand({ ...set, Tags })));
      },
      async destroy({ ssm }, { parameterName }) {
        await ssm.send(new DeleteParameterCommand({ Name: parameterName })).catch(unlessGone);
      },
    },
  );
}

function tagsOf(parameterName: string) {
  return new ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: parameterName });
}

/** The secret itself, for a call that must be given it. It goes nowhere else. */
export async function reveal({ ssm, ask }: Aws, parameterName: string): Promise<string> {
  const { Parameter } = await ask(ssm, new GetParameterCommand({ Name: parameterName, WithDecryption: true }));
  hideSecret(Parameter!.Value!);
  return Parameter!.Value!;
}
