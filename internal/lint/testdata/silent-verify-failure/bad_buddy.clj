(ns app.core
  (:require [buddy.auth.backends :as backends]
            [buddy.auth.middleware :refer [wrap-authentication]]
            [compojure.core :refer [defroutes GET]]))

(def backend (backends/jws {:secret (System/getenv "JWT_SECRET") :options {:alg :hs256}})) ;; want silent-verify-failure

(defroutes routes
  (GET "/me" request
    (if (:identity request)
      {:status 200 :body "me"}
      {:status 401 :body "unauthorized"})))

(def app (wrap-authentication routes backend))
