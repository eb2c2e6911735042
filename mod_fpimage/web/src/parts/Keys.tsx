/** Keys of a page: each works when no text is typed in, and `?` lists those that are valid now. */
import { Modal } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { say } from '../words'

export interface Key { keys: string; what: string; run: (event: KeyboardEvent) => void }

function isTyping(target: EventTarget | null): boolean {
  const at = target as HTMLElement | null
  return !!at && (at.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(at.tagName) || !!at.closest('[role=dialog],[role=listbox],[role=menu]'))
}

function nameOf(event: KeyboardEvent): string {
  const name = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key
  return (event.altKey ? 'Alt+' : '') + (event.ctrlKey || event.metaKey ? 'Ctrl+' : '') + (event.shiftKey && event.key.length > 1 ? 'Shift+' : '') + name
}

/** `keys`: alternatives parted by blanks, "ArrowLeft a". */
export function useKeys(keys: Key[]) {
  const [isOpen, setOpen] = useState(false)
  const latest = useRef(keys)
  latest.current = keys

  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (isTyping(event.target) || event.defaultPrevented || document.querySelector('.ant-modal-wrap:not([style*="none"])')) return
      const name = nameOf(event)
      if (name === '?') {
        event.preventDefault()
        setOpen(true)
        return
      }
      const found = latest.current.find(one => one.keys.split(' ').includes(name))
      if (found) {
        event.preventDefault()
        found.run(event)
      }
    }
    document.addEventListener('keydown', hear)
    return () => document.removeEventListener('keydown', hear)
  }, [])

  return (
    <Modal open={isOpen} onCancel={() => setOpen(false)} footer={null} title={say('此页可用的按键', 'Keys of this page')} destroyOnHidden>
      <table className="keys">
        <tbody>
          {[...keys, { keys: '?', what: say('显示此列表', 'Show this list') }].map(one => (
            <tr key={one.keys}>
              <th scope="row">{one.keys.split(' ').map(key => <kbd key={key}>{labelOf(key)}</kbd>)}</th>
              <td>{one.what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  )
}

function labelOf(key: string): string {
  return key.replace('ArrowLeft', '←').replace('ArrowRight', '→').replace('ArrowUp', '↑').replace('ArrowDown', '↓')
}
