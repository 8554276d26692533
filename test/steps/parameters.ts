import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import type { AnyResource } from '../../src/engine/resource.ts';
import { awsError, awsFor, changes, inputsOf, keyIn, ssm, tagsOf } from '../helpers/aws.ts';

/** What every generated secret keeps to. */
export function aSecret(secret: AnyResource, parameterName: string, value: string) {
  const { key } = secret;
  const identity = { parameterName };

  describe(`${key} find`, () => {
    it('takes the parameter of that name when it carries our tags, and no other', async () => {
      ssm.on(ListTagsForResourceCommand).resolves({ TagList: tagsOf(key) });
      expect(await secret.find(awsFor(secret), {})).toEqual(identity);
      expect(inputsOf(ListTagsForResourceCommand)).toEqual([{ ResourceType: 'Parameter', ResourceId: parameterName }]);
      ssm.on(ListTagsForResourceCommand).resolves({ TagList: tagsOf(key, 'stack2') });
      expect(await secret.find(awsFor(secret), {})).toBeUndefined();
    });

    it.each(['InvalidResourceId', 'ParameterNotFound'])('takes %s for none', async (code) => {
      ssm.on(ListTagsForResourceCommand).rejects(awsError(code));
      ssm.on(GetParameterCommand).rejects(awsError(code));
      expect(await secret.find(awsFor(secret), {})).toBeUndefined();
      expect(await secret.find(awsFor(secret, { recorded: identity }), {})).toBeUndefined();
    });

    it('does not read the secret itself', async () => {
      ssm.on(ListTagsForResourceCommand).resolves({ TagList: [] });
      expect(await secret.find(awsFor(secret, { recorded: identity }), {})).toEqual(identity);
      expect(inputsOf(GetParameterCommand)).toEqual([]);
    });
  });

  describe(`${key} create`, () => {
    it('sends one call that can replace nothing, and gives the name only', async () => {
      ssm.on(PutParameterCommand).resolves({});
      expect(await secret.create(awsFor(secret), {})).toEqual(identity);
      expect(changes()).toEqual(['PutParameter']);
      const [input] = inputsOf(PutParameterCommand);
      expect(input).toMatchObject({ Name: parameterName, Type: 'SecureString', Value: value });
      expect(input).not.toHaveProperty('Overwrite');
      expect(keyIn(input!.Tags)).toBe(key);
    });
  });

  describe(`${key} compare`, () => {
    it('sets the tags of ours that are missing, and never the secret', async () => {
      ssm.on(ListTagsForResourceCommand).resolves({ TagList: tagsOf(key) });
      ssm.on(AddTagsToResourceCommand).resolves({});
      const aws = awsFor(secret, { settings: { tags: { team: 'data' } } });
      const differences = await secret.compare!(aws, identity, {});
      const [team] = differences.filter(({ attribute }) => attribute === 'Tags.team');
      expect(team).toMatchObject({ is: 'none', wanted: 'data' });
      await (team!.mend as () => Promise<unknown>)();
      expect(changes()).toEqual(['AddTagsToResource']);
      const { Tags, ...rest } = inputsOf(AddTagsToResourceCommand)[0]!;
      expect(rest).toEqual({ ResourceType: 'Parameter', ResourceId: parameterName });
      expect(Tags).toContainEqual({ Key: 'team', Value: 'data' });
    });
  });

  describe(`${key} destroy`, () => {
    it('takes not-found for success', async () => {
      ssm.on(DeleteParameterCommand).rejects(awsError('ParameterNotFound'));
      await secret.destroy(awsFor(secret), identity);
      expect(inputsOf(DeleteParameterCommand)).toEqual([{ Name: parameterName }]);
    });
  });

  it(`${key} is kept with the data`, () => {
    expect(secret.holdsData).toBe(true);
  });
}
