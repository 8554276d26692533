import type { Noun } from '../noun.ts';
import { accessPoints } from './access-points.ts';
import { accountPreferences } from './account-preferences.ts';
import { fileSystems } from './file-systems.ts';
import { mountTargets } from './mount-targets.ts';
import { fileSystemPolicies } from './policies.ts';
import { tagging } from './tags.ts';

/** Elastic File System. */
export const efsNouns: readonly Noun[] = [
  fileSystems,
  mountTargets,
  accessPoints,
  fileSystemPolicies,
  tagging,
  accountPreferences,
];
