package import API
package import Base
import Store

extension DaemonCore {
    /// Who proved to be himself, by what this machine knows now; nil when nobody did.
    package func user(of credential: Credential, at wall: WallTime) -> UserInfo? {
        api.user(of: credential, snapshot: store.snapshot, at: wall)
    }
}
