/** How the steps say that what is there is not as it is wanted. */
import { CreateTagsCommand, type Tag } from '@aws-sdk/client-ec2';
import type { Aws } from '../aws.ts';
import type { Difference } from '../engine/resource.ts';

/** None when both are the same text. */
export function differing(attribute: string, is: unknown, wanted: unknown, mend: Difference['mend']): Difference[] {
  const [before, after] = [is, wanted].map((one) => (one === undefined || one === '' ? 'none' : String(one)));
  return before === after ? [] : [{ attribute, is: before!, wanted: after!, mend }];
}

/** Why the network is never rebuilt beneath what lives in it. */
export const networkStays = (setting: string, is: string) => ({
  why: 'It cannot be changed, and a new one would mean to rebuild everything in the VPC.',
  fix: `Set ${setting} back to ${is}, or build a new deployment: another name in another folder.`,
});

/** Why what holds data is not made anew. */
export const dataStays = (setting: string, is: string) => ({
  why: 'It cannot be changed, and a new one would begin without the data of the old.',
  fix: `Set ${setting} back to ${is}, or build a new deployment: another name in another folder.`,
});

/**
 * Tags of ours that are not there or have another value. Tags that others put there are theirs, and so is one that was
 * taken out of the settings: nobody can tell it from theirs any more.
 */
export function tagDifferences(
  { tags }: Pick<Aws, 'tags'>,
  live: readonly Partial<Tag>[] | undefined,
  set: (tags: Required<Tag>[]) => Promise<unknown>,
): Difference[] {
  const values = new Map(live?.map(({ Key, Value }) => [Key, Value]));
  // Without the stack's tag it is not known as ours, which is no matter of attributes; or an emulator shows no tags of it.
  if (!values.has('airflow-aws:stack')) return [];
  const mend = () => set(tags);
  return tags.flatMap(({ Key, Value }) => differing(`Tags.${Key}`, values.get(Key), Value, mend));
}

/** The same for what EC2 tags. `others` were made by the same call with the same tags, and are tagged with it again. */
export function ec2TagDifferences(
  aws: Aws,
  id: string,
  live: readonly Tag[] | undefined,
  others: readonly (string | undefined)[] = [],
): Difference[] {
  const Resources = [id, ...others.filter((one) => one !== undefined)];
  return tagDifferences(aws, live, (Tags) => aws.ec2.send(new CreateTagsCommand({ Resources, Tags })));
}

/** The same for what tells its tags in a call of their own. That is made only where the settings have any. */
export async function askedTagDifferences(
  aws: Aws,
  ask: () => Promise<readonly Partial<Tag>[] | undefined>,
  set: (tags: Required<Tag>[]) => Promise<unknown>,
): Promise<Difference[]> {
  return Object.keys(aws.config.tags).length === 0 ? [] : tagDifferences(aws, await ask(), set);
}

/** Of two versions as `3.3.2` or `8.0.mysql_aurora.3.10.4`. */
export function isNewer(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  const at = left!.findIndex((number, index) => number !== right![index]);
  return at >= 0 && left![at]! > (right![at] ?? 0);
}
