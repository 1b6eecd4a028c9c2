import type { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Context } from '../context.ts';
import { skip, type Finding } from '../finding.ts';
import { rootsLeftOut, surveyRoots, type RootSurvey } from './survey-roots.ts';
import { tlsTrouble } from './tls-trouble.ts';

/** How long a check of the roots may take, in ms: they are looked at side by side. */
export const ROOTS_MS = 24_000;

export type TroubleKind = 'certificate' | 'credentials' | 'region' | 'host key' | 'ftp' | 'reach';

const REGION_CODES = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** What kind of trouble keeps a root from being looked at, so that one check alone tells of it. */
export function troubleKind(trouble: Failure): TroubleKind {
  if (tlsTrouble(trouble)) return 'certificate';
  if (trouble.kind === 'unauthenticated') return 'credentials';
  const { settings = [], subject, vendor } = trouble.facts;
  if (REGION_CODES.has(vendor?.code ?? '')) return 'region';
  if (settings.includes('sftp.hostKeyFingerprint')) return 'host key';
  return subject.startsWith('ftp:') && isOfFtp(vendor?.code, settings) ? 'ftp' : 'reach';
}

/** Not that it is down, but how it is spoken to: its data connections, its TLS, its limit of connections. */
function isOfFtp(code: string | undefined, settings: readonly string[]): boolean {
  return code === NO_DATA || settings.includes('ftp.tls') || settings.includes('ftp.connections');
}

/** RFC 959: the data connection cannot be opened. */
const NO_DATA = '425';

const TOLD_BY: Readonly<Record<TroubleKind, string>> = {
  certificate: 'D75',
  credentials: 'D04',
  region: 'D22',
  'host key': 'D09',
  ftp: 'D12',
  reach: 'D74',
};

/** The finding of a check that can say nothing of a root, because another one says why. */
export function toldElsewhere(trouble: Failure, uri: string): Finding {
  return skip(`it could not be looked at: ${TOLD_BY[troubleKind(trouble)]} tells why`, uri);
}

/** Judges every root that was surveyed; those left out for their number are told. */
export async function judgeRoots(
  context: Context,
  io: Io,
  judge: (survey: RootSurvey) => readonly Finding[],
): Promise<readonly Finding[]> {
  const surveys = await surveyRoots(context, io);
  const left = await rootsLeftOut(context, io);
  const more = left === 0 ? [] : [skip(`${left} more roots were not looked at: name one as the target`)];
  return [...surveys.flatMap(judge), ...more];
}
