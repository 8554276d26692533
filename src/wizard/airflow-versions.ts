/** Releases of Airflow 3 on PyPI, newest first: those that were not withdrawn. */
export const airflowVersions = {
  asOf: '2026-11-25',
  releases: (
    '3.3.2 3.3.1 3.3.0 3.2.2 3.2.1 3.2.0 3.1.8 3.1.7 3.1.6 3.1.5 3.1.3 3.1.2 3.1.1 3.1.0 ' +
    '3.0.6 3.0.4 3.0.3 3.0.2 3.0.1 3.0.0'
  ).split(' '),
} as const;

/** The final releases of Airflow 3 in PyPI's JSON of the package, newest first. */
export function releasesIn(json: unknown): string[] {
  const { releases = {} } = json as { releases?: Record<string, { yanked?: boolean }[]> };
  return Object.entries(releases)
    .filter(([version, files]) => /^3\.\d+\.\d+$/.test(version) && files.some(({ yanked }) => yanked !== true))
    .map(([version]) => version)
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
}
