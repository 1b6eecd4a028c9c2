/** What an AWS profile says about where S3 is. */
export interface AwsProfile {
  readonly region?: string;
  /** Of its services section, else its own. */
  readonly endpointUrl?: string;
}

type Section = Readonly<Record<string, string | undefined>>;

function endpointOf(profile: Section, services: Section | undefined, separator: string): string | undefined {
  if (profile['ignore_configured_endpoint_urls']?.toLowerCase() === 'true') return undefined;
  return services?.[`s3${separator}endpoint_url`] ?? profile['endpoint_url'];
}

/**
 * Region and endpoint of a profile, as boto3 (so MLflow) takes them; the AWS SDK finds the files and reads them. An absent
 * file or profile says nothing.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export async function readAwsProfile(name = 'default'): Promise<AwsProfile> {
  const sdk = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await sdk.loadSharedConfigFiles({ ignoreCache: true });
  const profile: Section = { ...configFile[name], ...credentialsFile[name] };
  const separator = sdk.CONFIG_PREFIX_SEPARATOR;
  const services = profile['services'] ? configFile[`services${separator}${profile['services']}`] : undefined;
  const { region } = profile;
  const endpointUrl = endpointOf(profile, services, separator);
  return { ...(region ? { region } : {}), ...(endpointUrl ? { endpointUrl } : {}) };
}
