import type { Config } from '../../src/config/schema.ts';
import { bastionCommands } from '../../src/hosts/bastion.ts';
import type { Command } from '../../src/hosts/command.ts';
import { configurationCommands, databaseCommands, type NodeFacts, serviceCommands } from '../../src/hosts/node.ts';
import { hideIdentity, showIdentity, softwareCommands } from '../../src/hosts/software.ts';

/** Whatever STEP 16 tells the servers to do, in an order that one server could do it in. */
export function everyCommand(settings: Config, facts: NodeFacts): Command[] {
  return [
    ...softwareCommands(settings),
    hideIdentity(),
    showIdentity(),
    ...bastionCommands(settings, facts),
    ...configurationCommands(settings, facts),
    ...databaseCommands(facts),
    ...serviceCommands(settings, facts),
  ];
}
