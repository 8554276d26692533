/** The settings of a deployment: what there is to set, who set it, and what is wrong with it. */

export { check, problemWith } from './config/check.ts';
export { blockOf, overlap, subnetsOf } from './config/cidr.ts';
export { configFile } from './config/file.ts';
export { loadConfig, parseConfig, resolveConfig, type Sources } from './config/load.ts';
export { type PresetName, presets } from './config/presets.ts';
export type { Config } from './config/schema.ts';
export { configSchema, get, parseValue, printValue, type Setting, set, settings } from './config/settings.ts';
export { updateKeyword, updatePolicies } from './config/update.ts';
export { configYaml, schemaPath } from './config/yaml.ts';
