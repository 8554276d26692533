/** The process's environment. Everything else takes it from here or from an argument. */
export const environment: Readonly<Record<string, string | undefined>> = process.env;
