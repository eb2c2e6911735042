/** Uploads that go on while another page is shown, and where they are. */
import { useSyncExternalStore } from 'react'
import { Link } from '../router'
import { trafficNow, watchTraffic } from '../upload'
import { say } from '../words'

export function UploadLine() {
  const { left, failed, home } = useSyncExternalStore(watchTraffic, trafficNow)
  if (!left && !failed) return null
  const text = [left && say(`上传中，还剩 ${left} 个`, `sending, ${left} left`), failed && say(`${failed} 个上传失败`, `${failed} failed to upload`)].filter(Boolean).join(say('，', ', '))
  return <span className={failed ? 'bar-uploads failed' : 'bar-uploads'} role="status">{home ? <Link to={home}>{text}</Link> : text}</span>
}
