/** A failure as a person needs it: what happened, what to do, and the id that support asks for. */
import { Alert, Button } from 'antd'
import { Component, type ReactNode } from 'react'
import { ApiError, remedyOf, textOf } from '../api/client'
import { say, time } from '../words'
import { told, whoIs } from './told'

interface Change { id: number; at: string; kind: string; actor: string; note: string }

function Changes({ error }: { error: ApiError }) {
  const changes = error.body.changes as Change[] | undefined
  if (!changes?.length) return null
  return (
    <ul className="changes">
      {changes.map(one => <li key={one.id}>{time(one.at)} · {whoIs(one.actor)} · {told(one.note)}</li>)}
    </ul>
  )
}

/** To ask again changes nothing. */
const isFinal = (error: unknown) => error instanceof ApiError && (error.status === 403 || error.status === 404)

export function Failure({ error, onRetry, onClose }: { error: unknown; onRetry?: () => void; onClose?: () => void }) {
  if (!error) return null
  const trace = error instanceof ApiError ? error.trace : ''
  const remedy = remedyOf(error)
  return (
    <Alert
      type="error" showIcon role="alert" className="failure"
      title={textOf(error)}
      closable={onClose ? { onClose, 'aria-label': say('关闭', 'Close') } : false}
      description={
        <>
          {remedy && <div>{remedy}</div>}
          {error instanceof ApiError && <Changes error={error} />}
          {trace && <div className="trace">{say('编号', 'id')} <code>{trace}</code></div>}
        </>
      }
      action={onRetry && !isFinal(error) && <Button size="small" onClick={onRetry}>{say('重试', 'Try again')}</Button>}
    />
  )
}

interface BoundaryState { error: unknown }

/** What breaks inside stays inside; a part of the page that is gone since an upgrade asks for a reload. */
export class Boundary extends Component<{ children: ReactNode }, BoundaryState> {
  state: BoundaryState = { error: null }

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error }
  }

  render() {
    if (!this.state.error) return this.props.children
    return (
      <div className="broken">
        <Alert
          type="error" showIcon role="alert"
          title={say('页面的这一部分出错了', 'This part of the page broke')}
          description={<>{textOf(this.state.error)}<br />{say('刷新即可恢复；已上传的内容都在服务器上。', 'Load the page again; what was uploaded is on the server.')}</>}
          action={<Button onClick={() => location.reload()}>{say('刷新', 'Load again')}</Button>}
        />
      </div>
    )
  }
}
