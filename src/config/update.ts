/** What becomes of a deployment that exists when a setting is changed, in a word that plan and docs use as well. */
export const updatePolicies = {
  'in place': 'up changes what is there; whatever must stop for it stops one at a time.',
  'in place, larger': 'up makes it larger; anything smaller is refused.',
  'in place, later': 'up goes to a later version; an earlier one is refused.',
  'refused: data': 'up refuses it, since what would have to be made anew holds data.',
  'refused: network': 'up refuses it, since everything in the network would have to be built anew.',
  'refused: another deployment': 'up refuses it: it takes a new deployment, or a destroy first.',
  'by state migrate': '"airflow-aws state migrate" moves the state, and the setting then says where it is.',
} as const;

export type UpdatePolicy = keyof typeof updatePolicies;

/** The keyword of the JSON Schema that has the policy of a setting. */
export const updateKeyword = 'x-airflow-aws-update';

/** Metadata of a setting in the schema. */
export function update(policy: UpdatePolicy) {
  return { [updateKeyword]: policy };
}
