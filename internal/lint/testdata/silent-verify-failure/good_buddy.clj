(ns app.core
  (:require [buddy.auth.backends :as backends]
            [buddy.auth.middleware :refer [wrap-authentication]]
            [taoensso.timbre :as log]
            [compojure.core :refer [defroutes GET]]))

(defn record [request error]
  (log/warn "token refused" (ex-message error) (:remote-addr request) (:uri request) (get-in request [:headers "user-agent"])))

(def backend (backends/jws {:secret (System/getenv "JWT_SECRET") :options {:alg :hs256} :on-error record}))

(defroutes routes
  (GET "/me" request
    (if (:identity request)
      {:status 200 :body "me"}
      (do (log/warn "token missing" (:remote-addr request) (:uri request))
          {:status 401 :body "unauthorized"}))))

(def app (wrap-authentication routes backend))
