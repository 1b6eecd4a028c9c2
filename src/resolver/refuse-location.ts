import { Failure } from '../core/failure.ts';

const WAYS_OUT =
  'use an experiment whose artifact location is remote (`experiments create --artifact-location s3://…`), start the server with --artifacts-destination and without a local --default-artifact-root, name a mount that both sides share with --shared-path, or pass --allow-local';

/** The refusal of a location, with the ways out. */
export function refuseLocation(message: string, subject: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message,
    hint: WAYS_OUT,
    subject,
    settings: ['artifacts.allowLocal', 'artifacts.sharedPaths'],
  });
}
