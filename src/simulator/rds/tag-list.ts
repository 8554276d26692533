import type { Tags } from '../ec2/tags.ts';
import { refusal } from '../refusal.ts';

interface Tag {
  Key?: string | undefined;
  Value?: string | undefined;
}

/**
 * The tags of a call of RDS or ElastiCache, on top of those that are there already. At most 50, keys of 1 to 128
 * characters, values of up to 256; `aws:` is AWS's own. `tooMany` is the service's code for the 51st.
 */
export function tagsFrom(list: Tag[] | undefined, before: Tags = {}, tooMany = 'InvalidParameterValue'): Tags {
  const tags = { ...before };
  for (const { Key = '', Value = '' } of list ?? []) {
    if (Key === '' || Key.length > 128 || /^aws:/i.test(Key) || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Key))
      throw refusal('InvalidParameterValue', `The tag key ${Key} is not valid`);
    if (Value.length > 256 || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Value))
      throw refusal('InvalidParameterValue', `The value of the tag ${Key} is not valid`);
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > 50) throw refusal(tooMany, 'A resource can have at most 50 tags');
  return tags;
}
