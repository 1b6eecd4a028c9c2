import { Failure, type FailureFacts, type FailureKind } from '../../../core/failure.ts';

/** What was asked, for messages. */
export interface Asked {
  /** Such as `read`, `store`, `list`. */
  readonly doing: string;
  /** Redacted URI. */
  readonly subject: string;
}

/** What a server said of an error: `RemoteException` of WebHDFS, or a status alone. */
export interface Told {
  readonly host: string;
  readonly status: number;
  /** Simple name of the Java class, such as `FileNotFoundException`; '' when it told none. */
  readonly exception: string;
  /** The first line of its message; '' when it told none. */
  readonly message: string;
}

type Story = Pick<FailureFacts, 'kind'> & Partial<FailureFacts>;

const later = (kind: FailureKind): Story => ({ kind, retry: 'later', effect: 'unknown' });
const CREDENTIALS = ['hdfs.user', 'hdfs.kerberosUser', 'hdfs.kerberosTicketCache', 'hdfs.delegationToken'];
const noSpace: Story = {
  kind: 'no-space',
  hint: 'remove what is not needed, or have the quota raised (hdfs dfsadmin -setSpaceQuota, -setQuota)',
};
const badToken: Story = {
  kind: 'unauthenticated',
  hint: 'obtain a new ticket (kinit) or a new delegation token',
  settings: CREDENTIALS,
};

/** https://hadoop.apache.org/docs/r3.4.1/hadoop-project-dist/hadoop-hdfs/WebHDFS.html#Error_Responses and the NameNode's own. */
const BY_EXCEPTION: Readonly<Record<string, Story>> = {
  FileNotFoundException: { kind: 'not-found' },
  PathNotFoundException: { kind: 'not-found' },
  AccessControlException: {
    kind: 'denied',
    hint: 'have the rights granted (hdfs dfs -chmod, -chown, -setfacl), or act as another user: HADOOP_USER_NAME',
    settings: ['hdfs.user', 'hdfs.kerberosUser'],
  },
  AuthorizationException: { kind: 'denied', settings: CREDENTIALS },
  SecurityException: badToken,
  InvalidToken: badToken,
  AuthenticationException: badToken,
  StandbyException: later('unavailable'),
  RetriableException: later('unavailable'),
  SafeModeException: {
    ...later('unavailable'),
    hint: 'the name node is in safe mode: wait, or ask its administrator (hdfs dfsadmin -safemode get)',
  },
  ConnectException: later('unavailable'),
  SocketTimeoutException: later('timeout'),
  BlockMissingException: later('unavailable'),
  NotReplicatedYetException: later('unavailable'),
  FileAlreadyExistsException: { kind: 'exists' },
  ParentNotDirectoryException: { kind: 'wrong-kind' },
  PathIsNotEmptyDirectoryException: { kind: 'conflict' },
  AlreadyBeingCreatedException: { kind: 'conflict', retry: 'later' },
  RecoveryInProgressException: { kind: 'conflict', retry: 'later' },
  LeaseExpiredException: { kind: 'conflict', retry: 'later' },
  NSQuotaExceededException: noSpace,
  DSQuotaExceededException: noSpace,
  QuotaByStorageTypeExceededException: noSpace,
  QuotaExceededException: noSpace,
  FSLimitException$MaxDirectoryItemsExceededException: noSpace,
  MaxDirectoryItemsExceededException: noSpace,
  FSLimitException$PathComponentTooLongException: { kind: 'invalid' },
  PathComponentTooLongException: { kind: 'invalid' },
  InvalidPathException: { kind: 'invalid' },
  IllegalArgumentException: { kind: 'invalid' },
  UnsupportedOperationException: { kind: 'unsupported' },
};

function storyOf({ status, exception }: Told): Story {
  const known = Object.hasOwn(BY_EXCEPTION, exception) ? BY_EXCEPTION[exception] : undefined;
  if (known) return known;
  if (exception !== '') return later('unavailable');
  if (status === 401) return badToken;
  if (status === 403) return { kind: 'denied', settings: CREDENTIALS };
  if (status === 429) return later('throttled');
  if (status >= 500) return later('unavailable');
  return {
    kind: 'misconfigured',
    hint: 'set MLSTOW_HDFS_WEBHDFS_URL to the address of WebHDFS (port 9870) or HttpFS (port 14000)',
    settings: ['hdfs.webhdfsUrl'],
  };
}

function reasonOf(told: Told): string {
  if (told.message !== '') return told.message;
  if (told.exception !== '') return `${told.host} answered ${told.exception}`;
  return told.status === 404 || told.status < 400
    ? `${told.host} does not speak WebHDFS there (it answered ${told.status})`
    : `${told.host} answered ${told.status}`;
}

/** A server's refusal as a Failure, by its exception's class, else by its status. */
export function refusalFailure(told: Told, { doing, subject }: Asked): Failure {
  return new Failure({
    ...storyOf(told),
    message: `cannot ${doing} ${subject}: ${reasonOf(told)}`,
    subject,
    vendor: { status: told.status, ...(told.exception === '' ? {} : { code: told.exception }) },
  });
}

/** The simple class name that a failure came from, if a server told one. */
export function exceptionOf(thrown: unknown): string | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.code : undefined;
}

/** A failure that this store finds itself. */
export function hdfsFailure(kind: FailureKind, subject: string, message: string, hint?: string): Failure {
  return new Failure({ kind, message, subject, ...(hint === undefined ? {} : { hint }) });
}
