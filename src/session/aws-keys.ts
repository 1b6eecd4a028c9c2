import type { Config } from '../config/resolve.ts';

/** Keys that are given as such, and not by a profile or a role. */
export interface GivenAwsKeys {
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
}

/** The keys of variables; none where a flag names a profile, as boto3 has it for a session of a named profile. */
export function awsKeys(config: Config): GivenAwsKeys {
  if (config.resolved('s3.profile').origin.from === 'flag') return {};
  return {
    accessKeyId: config.get('s3.accessKeyId'),
    secretAccessKey: config.get('s3.secretAccessKey'),
    sessionToken: config.get('s3.sessionToken'),
  };
}
