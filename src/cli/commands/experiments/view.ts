import { Failure } from '../../../core/failure.ts';
import type { View } from '../../../tracking/entities.ts';
import { text } from '../../command.ts';

const VIEWS = ['active_only', 'deleted_only', 'all'] as const satisfies readonly View[];

/** `--view`, with mlflow's short form. */
export const VIEW = text(
  '-v, --view <view>',
  "what to show: 'active_only' (default), 'deleted_only' or 'all'",
);

/** The view asked for; an empty one is the default, as in mlflow. @throws Failure usage */
export function readView(given: string | undefined): View {
  if (given === undefined || given === '') return 'active_only';
  const view = VIEWS.find((known) => known === given);
  if (view) return view;
  throw new Failure({
    kind: 'usage',
    message: `--view ${given} is not a view`,
    hint: `use one of ${VIEWS.join(', ')}`,
    subject: '--view',
  });
}
