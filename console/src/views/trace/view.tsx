import { useParams } from 'react-router';
import { TracePage } from './trace-page.tsx';
import { TracePicker } from './trace-picker.tsx';

/** `/trace/{id}`: how one answer came about; `/trace`: which one? */
export function View() {
  const { id } = useParams();
  return id === undefined ? <TracePicker /> : <TracePage key={id} id={id} />;
}
