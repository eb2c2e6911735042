/** One page of a document, large: zoom, turn, go through. The server makes the picture, whatever the file is. */
import { Button } from 'antd'
import { type CSSProperties, useEffect, useRef, useState } from 'react'
import { say } from '../words'

export interface Shown { key: string; title: string; url: string; original?: string; isPicture: boolean; why?: string }

const STEPS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4]

/** Turned by a quarter, width and height change places: the picture fills the box round it, whose ratio is the turned one's. */
function turnedStyle(turned: number, ratio: number): CSSProperties {
  if (turned % 180 === 0) return { width: '100%', ...(turned ? { transform: `rotate(${turned}deg)` } : {}) }
  return { position: 'absolute', left: '50%', top: '50%', width: `${100 * ratio}%`, transform: `translate(-50%, -50%) rotate(${turned}deg)` }
}

export interface ViewerApi { zoom: (by: number) => void; fit: () => void; turn: (by: number) => void }

export function Viewer({ pages, at, onAt, onTurn, turnTitle, api }: {
  pages: Shown[]; at: number; onAt: (at: number) => void; onTurn?: (by: number) => void; turnTitle?: string; api?: { current: ViewerApi | null }
}) {
  const [zoom, setZoom] = useState(1)
  const [turn, setTurn] = useState({ url: '', by: 0 })
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading')
  const [round, setRound] = useState(0)
  const frame = useRef<HTMLDivElement>(null)
  const page = pages[at] as Shown | undefined
  const turned = turn.url === page?.url ? turn.by : 0
  const [ratio, setRatio] = useState(1) /* width by height */

  useEffect(() => setState('loading'), [page?.url, round])
  useEffect(() => { frame.current?.scrollTo(0, 0) }, [page?.key])

  const step = (by: number) => setZoom(now => {
    const i = STEPS.findIndex(one => one >= now)
    return STEPS[Math.min(STEPS.length - 1, Math.max(0, i + by))]
  })
  const turnView = (by: number) => { if (page) setTurn({ url: page.url, by: (turned + by + 360) % 360 }) }
  if (api) api.current = { zoom: step, fit: () => setZoom(1), turn: turnView }

  if (!page) return <div className="viewer empty">{say('没有影像', 'No images')}</div>
  return (
    <div className="viewer">
      <div className="viewer-bar" role="toolbar" aria-label={say('查看工具', 'Viewing tools')}>
        <Button size="small" onClick={() => onAt(at - 1)} disabled={at === 0} aria-label={say('上一页', 'Previous page')} title={say('上一页 (←)', 'Previous page (←)')}>←</Button>
        <span className="viewer-at" aria-live="polite">{at + 1} / {pages.length}</span>
        <Button size="small" onClick={() => onAt(at + 1)} disabled={at >= pages.length - 1} aria-label={say('下一页', 'Next page')} title={say('下一页 (→)', 'Next page (→)')}>→</Button>
        <Button size="small" onClick={() => step(-1)} aria-label={say('缩小', 'Zoom out')}>−</Button>
        <Button size="small" onClick={() => setZoom(1)} title={say('适合宽度', 'Fit')}>{Math.round(zoom * 100)}%</Button>
        <Button size="small" onClick={() => step(1)} aria-label={say('放大', 'Zoom in')}>＋</Button>
        <Button size="small" onClick={() => turnView(90)} aria-label={say('旋转查看', 'Turn the view')} title={say('旋转查看 (r)', 'Turn the view (r)')}>↻</Button>
        {onTurn && <Button size="small" onClick={() => onTurn(90)}>{turnTitle ?? say('保存旋转', 'Turn the page')}</Button>}
        {page.original && <a href={page.original} className="viewer-original" download>{say('下载原件', 'Original')}</a>}
      </div>
      <div className="viewer-frame" ref={frame} tabIndex={0} role="region" aria-label={page.title}>
        {state === 'loading' && page.isPicture && <div className="viewer-note">{say('正在生成图片…', 'Making the picture…')}</div>}
        {state === 'failed' || !page.isPicture ? (
          <div className="viewer-note" role="alert">
            {page.why ?? (page.original ? say('此文件无法预览，可下载原件查看。', 'This file can’t be shown; download the original.') : say('此页无法预览。', 'This page can’t be shown.'))}
            {page.isPicture && <Button size="small" onClick={() => setRound(n => n + 1)}>{say('重试', 'Try again')}</Button>}
          </div>
        ) : (
          <div style={{ width: `${zoom * 100}%`, position: 'relative', margin: '0 auto', ...(turned % 180 && state === 'shown' ? { aspectRatio: String(1 / ratio) } : {}) }}>
            <img
              key={page.url + round} src={page.url} alt={page.title} className={state === 'shown' ? 'shown' : 'unseen'} style={state === 'shown' ? turnedStyle(turned, ratio) : undefined}
              onLoad={event => { setRatio(event.currentTarget.naturalWidth / Math.max(1, event.currentTarget.naturalHeight) || 1); setState('shown') }} onError={() => setState('failed')}
            />
          </div>
        )}
      </div>
    </div>
  )
}
