import { loadSharedConfigFiles } from '@smithy/core/config';

/** The region that the AWS profile names, as the AWS CLI would take it; undefined without one. */
export async function regionOfProfile(profile: string | undefined): Promise<string | undefined> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const name = profile ?? 'default';
  return configFile[name]?.region ?? credentialsFile[name]?.region;
}

/** The profiles in the files of the AWS CLI, by name. */
export async function profileNames(): Promise<string[]> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  return [...new Set([...Object.keys(configFile), ...Object.keys(credentialsFile)])].sort();
}
