import type { ConfigRow } from '../../../config/explain.ts';
import { command, flag, type View } from '../../command.ts';
import type { ConfigItem } from '../../output/config.ts';

function toItem({ key, value, origin, shadowed, problem }: ConfigRow): ConfigItem {
  return {
    key,
    ...(value === undefined ? {} : { value }),
    ...(origin === undefined ? {} : { origin }),
    shadowed,
    ...(problem === undefined ? {} : { problem }),
  };
}

function* rowText(item: ConfigItem, showOrigin: boolean): Generator<string> {
  const value = item.problem === undefined ? (item.value ?? '') : `(${item.problem})`;
  yield showOrigin ? `${item.key} = ${value}\t${item.origin ?? ''}\n` : `${item.key} = ${value}\n`;
  if (!showOrigin) return;
  for (const lost of item.shadowed) yield `  instead of ${lost.value}\t${lost.origin}\n`;
}

export const listConfig = command({
  name: 'config list',
  summary: 'Show every setting, redacted.',
  examples: ['mlstow config list --set --show-origin', 'mlstow config list --output json'],
  options: {
    set: flag('--set', 'only those that somebody set'),
    showOrigin: flag('--show-origin', 'tell who set each value and what it beat'),
  },
  async run(session, values): Promise<View<ConfigItem>> {
    const { explainAll } = await import('../../../config/explain.ts');
    const rows = explainAll(session.config).filter(
      (row) =>
        !values.set || row.problem !== undefined || (row.value !== undefined && row.origin !== 'default'),
    );
    return {
      items: rows.map(toItem),
      data: () => ({
        files: session.config.files,
        ...(session.config.profile === undefined ? {} : { profile: session.config.profile }),
        ignored: session.config.ignored.map(({ message }) => message),
      }),
      text: async function* (items) {
        for await (const item of items) yield* rowText(item, values.showOrigin);
      },
      quiet: async function* (items) {
        for await (const { key } of items) yield `${key}\n`;
      },
    };
  },
});

export const getConfig = command({
  name: 'config get',
  summary: 'Show one setting, by its key, variable or flag.',
  examples: ['mlstow config get s3.endpointUrl', 'mlstow config get MLFLOW_TRACKING_URI --output json'],
  arguments: [
    { name: '<key>', help: 'such as tracking.uri, MLFLOW_TRACKING_URI or, after --, --tracking-uri' },
  ],
  options: { showOrigin: flag('--show-origin', 'tell who set it and what it beat') },
  async run(session, values, [name = '']): Promise<View> {
    const { explainOne } = await import('../../../config/explain.ts');
    const item = toItem(explainOne(session.config, name));
    const bare = `${item.value ?? ''}\n`;
    return {
      data: () => ({ ...item }),
      text: () => (values.showOrigin ? rowText(item, true) : [bare]),
      quiet: () => [bare],
    };
  },
});
