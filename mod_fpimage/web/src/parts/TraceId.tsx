/** The id that support asks for: short to look at, whole in the clipboard. */
import { App } from 'antd'
import { say } from '../words'

export function TraceId({ id }: { id?: string | null }) {
  const { message } = App.useApp()
  if (!id) return null
  const copy = () => navigator.clipboard?.writeText(id).then(() => message.success(say('编号已复制', 'The id is copied')), () => undefined)
  return <button type="button" className="trace-id" title={say(`复制编号 ${id}`, `Copy the id ${id}`)} onClick={copy}>{id.slice(0, 8)}</button>
}
