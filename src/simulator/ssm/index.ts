import type { Noun } from '../noun.ts';
import { commands } from './commands.ts';
import { ssmDocuments } from './documents.ts';
import { managedInstances } from './managed-instances.ts';
import { parameterLists } from './parameter-lists.ts';
import { parameters } from './parameters.ts';
import { resourceTags } from './resource-tags.ts';
import { sessions } from './sessions.ts';

export const ssmNouns: readonly Noun[] = [
  parameters,
  parameterLists,
  resourceTags,
  managedInstances,
  commands,
  sessions,
  ssmDocuments,
];
